import type { Blocker, LockHolder, MigrationStep, StepProgress } from '../../run/run-event';

/** How far something has come, and when that was seen. Times are milliseconds of one clock, which tells the time of day. */
export interface SeenProgress extends StepProgress {
  readonly atMs: number;
  /** When its phase was first seen. */
  readonly phaseSinceMs: number;
}

interface Task {
  readonly name: string;
  readonly sinceMs: number;
  readonly progress: SeenProgress | undefined;
}

interface CurrentMigration extends Task {
  readonly number: number;
  readonly total: number;
}

export interface CurrentStep extends Task {
  readonly action: MigrationStep['action'];
  readonly statement: string | undefined;
}

/** Why nothing goes on. */
export type Wait =
  /** Another run is at work. */
  | { readonly kind: 'run'; readonly sinceMs: number; readonly holder: LockHolder | undefined }
  /** A statement waits for other sessions. */
  | ({ readonly kind: 'sessions' } & SessionWait)
  /** A lock is not had, and is tried for again and again. */
  | ({ readonly kind: 'lock'; readonly attempt: number; readonly retryAtMs: number } & SessionWait);

export interface SessionWait {
  /** Of the step or migration. */
  readonly name: string;
  readonly sinceMs: number;
  readonly blockers: readonly Blocker[];
  /** When they were what they are. */
  readonly seenAtMs: number;
}

/** What a run is doing. */
export interface ScreenState {
  /** Of all migrations of this run, in order. */
  readonly names: readonly string[];
  /** How many of them were begun. */
  readonly begun: number;
  readonly migration: CurrentMigration | undefined;
  /** A step may be part of another one: the innermost is the last. */
  readonly steps: readonly CurrentStep[];
  readonly wait: Wait | undefined;
  readonly isStopping: boolean;
  /** Nothing happens any more: what is left on the screen is how it ended. */
  readonly hasEnded: boolean;
}

export const INITIAL_STATE: ScreenState = Object.freeze({
  names: [],
  begun: 0,
  migration: undefined,
  steps: [],
  wait: undefined,
  isStopping: false,
  hasEnded: false,
});
