import { listErrorChain, readField } from '../errors/error-chain';

/**
 * Where an operation was when it failed.
 *
 * - `acquire`: getting a connection; nothing of the operation was sent.
 * - `autocommit-read`, `autocommit-write`: one statement outside a transaction.
 * - `in-transaction`: after BEGIN, before COMMIT was sent.
 * - `commit`: COMMIT was sent.
 */
export type Phase = 'acquire' | 'autocommit-read' | 'autocommit-write' | 'in-transaction' | 'commit';

/** Every phase, in the order of an operation's life. */
export const PHASES: readonly Phase[] = [
  'acquire',
  'autocommit-read',
  'autocommit-write',
  'in-transaction',
  'commit',
];

/** Registered globally, so that two installed copies of this package understand each other's tags. */
const PHASE = Symbol.for('holdfast.phase');

/** Marks an error with the phase it happened in, and returns it. The first mark stays: it was nearest to the failure. */
export function tagPhase<E>(error: E, phase: Phase): E {
  if (
    typeof error === 'object' &&
    error !== null &&
    Object.isExtensible(error) &&
    !Object.hasOwn(error, PHASE)
  ) {
    Object.defineProperty(error, PHASE, { value: phase, enumerable: false });
  }
  return error;
}

/**
 * Reads the phase an error is marked with, on itself or on what hides behind it; of several marks the one in which most is
 * at stake, since one mark on a wrapper must not make an open COMMIT look safe. TypeORM's QueryFailedError carries its
 * statement, so a failed `COMMIT` tells its phase without a mark, and against one.
 */
export function readPhase(error: unknown): Phase | undefined {
  let most = -1;
  for (const link of listErrorChain(error)) {
    const phase = readField(link, 'query') === 'COMMIT' ? 'commit' : readField(link, PHASE);
    most = Math.max(most, STAKES.indexOf(phase as Phase));
  }
  return STAKES[most];
}

/** From the phase in which nothing can be lost to the one in which most can. */
const STAKES: readonly Phase[] = [
  'acquire',
  'autocommit-read',
  'in-transaction',
  'autocommit-write',
  'commit',
];
