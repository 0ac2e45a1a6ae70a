import { failedStepOf } from '../migration/steps';
import { reasonOf } from '../text/reason-of';
import type { MigrationStep } from './run-event';

/** A migration that failed. Those before it stay as they are; it and those after it run at the next attempt. */
export class MigrationFailedError extends Error {
  override readonly name = 'MigrationFailedError';
  readonly code = 'HOLDFAST_MIGRATION_FAILED';
  /** The innermost step that failed; null for what a migration does beside Holdfast's steps. */
  readonly step: Pick<MigrationStep, 'action' | 'name'> | null;
  /** What the server refused: its first 200 characters, in one line, without parameters. Null if it was no statement. */
  readonly statement: string | null;

  constructor(
    readonly migration: string,
    cause: unknown,
  ) {
    super(renderFailure(migration, cause), { cause });
    const causes = causesOf(cause);
    this.step = causes.map(failedStepOf).find((step) => step !== undefined) ?? null;
    this.statement = causes.map(statementOf).find((statement) => statement !== undefined) ?? null;
  }
}

// A transaction as a whole is called by the migration's name already.
function renderFailure(migration: string, cause: unknown): string {
  const message = reasonOf(cause);
  return message.startsWith(`${migration}: `) ? message : `${migration}: ${message}`;
}

/** The error and what caused it, and so on; nothing twice, since an error may be its own cause. */
function causesOf(error: unknown): readonly unknown[] {
  const causes = new Set<unknown>();
  for (
    let one = error;
    one !== undefined && !causes.has(one);
    one = one instanceof Error ? one.cause : undefined
  )
    causes.add(one);
  return [...causes];
}

/** By its form and not by its class: a project may bring its own copy of TypeORM. */
function statementOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'driverError' in error && 'query' in error)) return undefined;
  const line = String(error.query).trim().replaceAll(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** The run's signal ended it, in good order: what is in `left` can be run again as if it had never been begun. */
export class RunStoppedError extends Error {
  // Of all that an aborted operation ends with, Node's own name is the one that everybody knows.
  override readonly name = 'AbortError';
  readonly code = 'HOLDFAST_STOPPED';

  constructor(
    readonly direction: 'up' | 'down',
    /** Names of the migrations that this run has applied or reverted. */
    readonly done: readonly string[],
    /** Names of those it would have gone on with. */
    readonly left: readonly string[],
    cause: unknown,
  ) {
    super(renderStop(direction, done, left), { cause });
  }
}

function renderStop(direction: 'up' | 'down', done: readonly string[], left: readonly string[]): string {
  const total = done.length + left.length;
  const verb = direction === 'up' ? 'applied' : 'reverted';
  if (total === 0) return `stopped; nothing was ${verb}`;
  const rest = left.length === 0 ? '' : `; left: ${left.join(', ')}`;
  return `stopped; ${done.length} of ${total} ${total === 1 ? 'migration' : 'migrations'} ${verb}${rest}`;
}

/** A migration was named, or is in the ledger, that this build does not have, or that is not applied. */
export class UnknownMigrationError extends Error {
  override readonly name = 'UnknownMigrationError';
  readonly code = 'HOLDFAST_MIGRATION_UNKNOWN';

  constructor(
    readonly migration: string,
    message: string,
  ) {
    super(message);
  }
}
