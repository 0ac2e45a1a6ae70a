import type { Blocked, Held, LockMode, StepLock } from './plan-step';

/** Whom each mode keeps waiting: https://www.postgresql.org/docs/17/explicit-locking.html#LOCKING-TABLES. */
const BLOCKED: Readonly<Record<LockMode, Blocked>> = {
  AccessShareLock: 'nobody',
  RowShareLock: 'nobody',
  RowExclusiveLock: 'nobody',
  ShareUpdateExclusiveLock: 'schema changes',
  ShareLock: 'writers',
  ShareRowExclusiveLock: 'writers',
  AccessExclusiveLock: 'readers and writers',
};

export function lockOn(relation: string, mode: LockMode, held: Held = 'an instant'): StepLock {
  return { mode, relation, blocks: BLOCKED[mode], held };
}

const ORDER: readonly Blocked[] = ['nobody', 'schema changes', 'writers', 'readers and writers'];

/** The lock that stops the most, and of those the one that is held longest. */
export function strongestLock(locks: readonly StepLock[]): StepLock | undefined {
  const holds: readonly Held[] = ['an instant', 'a batch', 'a scan', 'a build', 'a rewrite'];
  return locks.toSorted(
    (one, other) =>
      ORDER.indexOf(other.blocks) - ORDER.indexOf(one.blocks) ||
      holds.indexOf(other.held) - holds.indexOf(one.held),
  )[0];
}
