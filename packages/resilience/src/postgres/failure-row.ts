/** What a failure is about, for those who report or map it. */
export type FailureKind =
  | 'contention'
  | 'lock-timeout'
  | 'cancelled'
  | 'unavailable'
  | 'overload'
  | 'connection-lost'
  | 'resources'
  | 'read-only-server'
  | 'stale-plan'
  | 'credentials'
  | 'application'
  | 'corruption'
  | 'shutdown'
  | 'unrecognized';

/**
 * What may follow a failure of one statement outside a transaction.
 * `safe`: the statement was never sent. `retry`: an ERROR arrived, so it was not applied. `read`: a read may be repeated,
 * a write only if idempotent. `idempotent`: both only if idempotent. `opt-in`: only if the caller names the code.
 */
export type AutocommitColumn = 'safe' | 'retry' | 'read' | 'idempotent' | 'opt-in' | 'never' | '–';

/** What may follow a failure between BEGIN and COMMIT. `tx`: the whole transaction, on a new connection. */
export type InTransactionColumn = 'tx' | 'opt-in' | 'never' | '–';

/** What may follow a failure of COMMIT. `aborted`: known not to be applied. `unknown`: may or may not be applied. */
export type AtCommitColumn = 'tx' | 'aborted' | 'unknown' | 'never' | '–';

/** Whether a circuit breaker counts the failure. `slow`: only as a slow call. `writer`: only the writer's breaker. */
export type BreakerColumn = 'counts' | 'ignored' | 'slow' | 'writer' | 'alarm';

/** What becomes of connections. `pool`: all of them. */
export type EvictColumn = 'keep' | 'connection' | 'pool';

/** What one code means. */
export interface FailureRow {
  readonly kind: FailureKind;
  readonly autocommit: AutocommitColumn;
  readonly inTransaction: InTransactionColumn;
  readonly atCommit: AtCommitColumn;
  readonly breaker: BreakerColumn;
  readonly evict: EvictColumn;
  /** Repeating it once can help; repeating it more means a fault elsewhere. */
  readonly once: boolean;
  /** Needs time to pass: wait near the maximum. */
  readonly slow: boolean;
  /** Where the failure is raised, or described: a file of PostgreSQL's source, its manual, node-postgres, or the system. */
  readonly source: string;
}

/** Writes a row in the order in which the table is read. */
export function row(
  kind: FailureKind,
  autocommit: AutocommitColumn,
  inTransaction: InTransactionColumn,
  atCommit: AtCommitColumn,
  breaker: BreakerColumn,
  evict: EvictColumn,
  pace: '' | 'once' | 'slow' | 'once slow',
  source: string,
): FailureRow {
  return Object.freeze({
    kind,
    autocommit,
    inTransaction,
    atCommit,
    breaker,
    evict,
    once: pace.startsWith('once'),
    slow: pace.endsWith('slow'),
    source,
  });
}
