/** A migration that failed. Those before it stay as they are; it and those after it run at the next attempt. */
export class MigrationFailedError extends Error {
  override readonly name = 'MigrationFailedError';
  readonly code = 'HOLDFAST_MIGRATION_FAILED';

  constructor(
    readonly migration: string,
    cause: unknown,
  ) {
    super(`${migration}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
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
