import type { QueryRunner } from 'typeorm';
import type { Blocker, RunEvent } from '../run/run-event';

/** Looks at the server over a connection of its own while the runner's is busy. */
export interface SessionWatch {
  /** Runs the work, and tells meanwhile how far its statement has come and who is in its way. */
  follow<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Runs the work; `blockers` tells afterwards, or meanwhile, who was in its way last. */
  sampleBlockers<T>(name: string, intervalMs: number, work: () => Promise<T>): Promise<T>;
  readonly blockers: readonly Blocker[];
}

/** Notes what a dry run would do. */
export interface StatementRecorder {
  /** A statement that would be sent. */
  record(statement: string): void;
  /** Something that cannot be told as a statement. */
  note(text: string): void;
  /** Lets work look at the server by means that write, in a transaction that it rolls back itself. */
  look<T>(work: () => Promise<T>): Promise<T>;
}

/** What the steps of a run have in common. */
export interface RunContext {
  readonly report: (event: RunEvent) => void;
  /** Ends waits and statements. */
  readonly signal: AbortSignal | undefined;
  /** How long a statement that locks readers or writers out may wait for its lock, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** How long it is tried again, in milliseconds; without it, until it gets through. */
  readonly maxLockWaitMs: number | undefined;
  readonly watch: SessionWatch | undefined;
  /** Of a dry run. */
  readonly recorder: StatementRecorder | undefined;
}

/** Defaults of what a run may be told, in milliseconds. */
export const LOCK_DEFAULTS = Object.freeze({ lockTimeoutMs: 200 });

// A migration is given nothing but its query runner, so that is what its run is tied to.
const contexts = new WeakMap<QueryRunner, RunContext>();
const shields = new WeakMap<QueryRunner, number>();

/** Lets whatever migrations do on this runner know of the run; what is left out stays as it was. */
export function attachRun(runner: QueryRunner, part: Partial<RunContext>): void {
  contexts.set(runner, { ...runOf(runner), ...part });
}

/** The run that this runner belongs to; under the plain typeorm command, one that tells TypeORM's log the little it must. */
export function runOf(runner: QueryRunner): RunContext {
  return (
    contexts.get(runner) ?? {
      report: (event) => tellTypeorm(runner, event),
      signal: undefined,
      ...LOCK_DEFAULTS,
      maxLockWaitMs: undefined,
      watch: undefined,
      recorder: undefined,
    }
  );
}

/** Whether a command of Holdfast runs the migrations, and not the plain typeorm command. */
export function isAttended(runner: QueryRunner): boolean {
  return contexts.has(runner);
}

/** The signal that ends what is going on; none while something must be finished that was begun. */
export function signalOf(runner: QueryRunner): AbortSignal | undefined {
  return isShielded(runner) ? undefined : runOf(runner).signal;
}

/** Whether what goes on must be finished, so that no statement of it may be cancelled. */
export function isShielded(runner: QueryRunner): boolean {
  return (shields.get(runner) ?? 0) > 0;
}

/**
 * Runs work that the signal does not end: clearing away, or the rest of something that would leave remains if it were
 * given up half-way.
 */
export async function uninterrupted<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  shields.set(runner, (shields.get(runner) ?? 0) + 1);
  try {
    return await work();
  } finally {
    shields.set(runner, (shields.get(runner) ?? 1) - 1);
  }
}

const lastSaid = new WeakMap<QueryRunner, string>();

// Nobody listens there, and a wait of minutes without a word looks like a process that hangs.
function tellTypeorm(runner: QueryRunner, event: RunEvent): void {
  const say = (message: string) => {
    if (message !== lastSaid.get(runner)) runner.dataSource.logger.logMigration(message, runner);
    lastSaid.set(runner, message);
  };
  switch (event.type) {
    case 'waiting':
      say(`Another migration is running (pid ${event.holder?.pid ?? 'unknown'}); waiting for it`);
      break;
    case 'lock-timeout':
      // At 1, 2, 4, 8, …: it may go on for hours.
      if (Number.isInteger(Math.log2(event.attempt)))
        say(`${event.name}: the lock was not had at attempt ${event.attempt}; trying again`);
      break;
    case 'notice':
      say(`${event.name}: ${event.message}`);
      break;
    default:
  }
}
