import type { StepLock } from '../plan/plan-step';

/** Something that a migration does to one object. */
export interface MigrationStep {
  readonly action:
    | 'create extension'
    | 'build index'
    | 'rebuild index'
    | 'replace index'
    | 'rename index'
    | 'drop index'
    | 'keep index'
    | 'add constraint'
    | 'validate constraint'
    | 'replace constraint'
    | 'drop constraint'
    | 'set not null'
    | 'drop not null'
    | 'add enum value'
    | 'drop enum value'
    | 'backfill';
  readonly name: string;
  readonly elapsedMs: number;
}

/** A session that a step waits for. What the server does not tell this role is null. */
export interface Blocker {
  /** 0 for a prepared transaction, which has no session: `pg_prepared_xacts` lists them. */
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  /** How it is in the way: it holds a lock on the table, or a snapshot that may see what the step changes. */
  readonly by: 'lock' | 'snapshot';
  /** `active`, `idle in transaction`, … */
  readonly state: string | null;
  /** Age of its transaction in milliseconds. */
  readonly ageMs: number | null;
  /** What it runs or ran last, cut to 200 characters. */
  readonly query: string | null;
}

/** How far a statement has come, as the server tells. */
export interface StepProgress {
  /** As the server names it, for example `building index: scanning table`. */
  readonly phase: string;
  /** In `unit`; both 0 where the phase has no measure. */
  readonly done: number;
  readonly total: number;
  readonly unit: 'blocks' | 'tuples' | 'sessions' | 'partitions' | 'rows' | undefined;
  /** Milliseconds until the end of the step at the pace so far; undefined while nobody can say. */
  readonly remainingMs: number | undefined;
}

/** The session that migrates at the moment. What the server does not tell this role is null. */
export interface LockHolder {
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  /** When it connected. */
  readonly since: Date | null;
  readonly state: string | null;
  /** What it runs or ran last, cut to 200 characters. */
  readonly query: string | null;
  /** How far its statement has come; null where that is none with a measure. */
  readonly progress: StepProgress | null;
}

/** What a run of migrations tells about itself, in the order in which it happens. */
export type RunEvent =
  /** Another run holds the migration lock; told when it is found taken, and again when the holder or its phase is another one. */
  | { readonly type: 'waiting'; readonly holder: LockHolder | undefined }
  /** Once, with the lock held: what this run will apply or revert, in order. */
  | {
      readonly type: 'pending';
      readonly direction: 'up' | 'down';
      readonly names: readonly string[];
    }
  | { readonly type: 'started'; readonly name: string; readonly number: number; readonly total: number }
  | {
      readonly type: 'step-started';
      readonly action: MigrationStep['action'];
      readonly name: string;
      /** What is sent to the server, where it is one statement. */
      readonly statement: string | undefined;
      /** The strongest lock it takes, and whom that blocks, where it is known. */
      readonly lock?: StepLock | undefined;
    }
  | { readonly type: 'progress'; readonly name: string; readonly progress: StepProgress }
  /** The step waits for these sessions; told again when they change. */
  | { readonly type: 'blocked'; readonly name: string; readonly blockers: readonly Blocker[] }
  | { readonly type: 'unblocked'; readonly name: string; readonly waitedMs: number }
  /** A lock was not had in its short time; the queue behind it goes on, and it is tried again. */
  | {
      readonly type: 'lock-timeout';
      readonly name: string;
      /** 1 for the first. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly blockers: readonly Blocker[];
    }
  /** Something a person should know before the step, which goes on all the same. */
  | { readonly type: 'notice'; readonly name: string; readonly message: string }
  | ({ readonly type: 'step' } & MigrationStep)
  | { readonly type: 'applied'; readonly name: string; readonly elapsedMs: number }
  | { readonly type: 'reverted'; readonly name: string; readonly elapsedMs: number };
