import type { HazardId } from './hazard-id';

/** As `pg_locks` names them, from weak to strong. */
export type LockMode =
  | 'AccessShareLock'
  | 'RowShareLock'
  | 'RowExclusiveLock'
  | 'ShareUpdateExclusiveLock'
  | 'ShareLock'
  | 'ShareRowExclusiveLock'
  | 'AccessExclusiveLock';

/** Whom a lock keeps waiting. Whoever reads waits for nobody but an `AccessExclusiveLock`. */
export type Blocked = 'nobody' | 'schema changes' | 'writers' | 'readers and writers';

/** How long a lock is held, once it has been had. */
export type Held = 'an instant' | 'a batch' | 'a scan' | 'a build' | 'a rewrite';

export interface StepLock {
  readonly mode: LockMode;
  /** `schema.table`, or an index. */
  readonly relation: string;
  readonly blocks: Blocked;
  readonly held: Held;
}

/** What a step is expected to need. Never a promise: the basis says how it was made. */
export interface Estimate {
  /** Read by a scan, or written by a build or rewrite; null where nobody knows. */
  readonly bytes: number | null;
  readonly durationMs: number | null;
  readonly basis: string;
}

/** Something a person should decide or know before. */
export interface Hazard {
  readonly id: HazardId;
  /** Table, `table.column`, or `table.name` of an index or constraint; with the schema in front where the entity names one. */
  readonly target: string;
  /** What happens. */
  readonly message: string;
  /** How to do it safely. */
  readonly instead: string;
  /** `allow`: refused until its id is allowed; `never`: refused; `known`: told and done. */
  readonly verdict: 'allow' | 'never' | 'known';
}

export type StepKind =
  | 'create table'
  | 'add column'
  | 'drop column'
  | 'rename column'
  | 'change type'
  | 'change column'
  | 'change view'
  | 'add enum value'
  | 'add constraint'
  | 'validate constraint'
  | 'replace constraint'
  | 'rename constraint'
  | 'drop constraint'
  | 'set not null'
  | 'drop not null'
  | 'backfill'
  | 'build index'
  | 'swap index'
  | 'rename index'
  | 'drop index'
  | 'refused';

/** One thing that a migration does under one lock. */
export interface PlanStep {
  readonly kind: StepKind;
  /** Table, `table.column`, or the name of an index, constraint or type. */
  readonly object: string;
  /** As they are sent; of a backfill, without the bounds of its batches. Empty for what is refused. */
  readonly statements: readonly string[];
  /** Locks on tables and indexes that others can see. */
  readonly locks: readonly StepLock[];
  readonly rewrites: boolean;
  readonly scans: boolean;
  /**
   * - `none`: outside of any transaction, as CONCURRENTLY must be.
   * - `own`: a transaction of its own, tried again when a lock is not had.
   * - `shared`: one with the steps beside it that say so, tried again as a whole.
   */
  readonly transaction: 'own' | 'shared' | 'none';
  readonly estimate: Estimate;
  readonly hazards: readonly Hazard[];
}
