import { type CallContext, type Deadline, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import { type DataSource, QueryFailedError } from 'typeorm';
import { requireRegistration } from '../data-source/pool-registry';
import { noteStatement } from '../replicas/read-session';
import { sendHeard } from '../repository/heard-statement';
import { type LocalSettings, readSettings } from '../statements/local-settings';
import { copyValue } from '../statements/sent-value';
import { requireSingleWrite } from '../statements/single-write';
import { readEnd } from './call-end';
import { parseRows, RAW_ROWS, type RawRow } from './raw-rows';
import { runGroup } from './run-group';
import type { SharedAnswer } from './shared-batch';
import { TurnBatches } from './turn-batches';

export interface GroupCommitOptions {
  /** Statements that are committed together at most: an integer of at least 1. Default 8. */
  readonly maxBatchSize?: number;
  /**
   * How long they wait for a lock that somebody else holds, in ms, an integer of at least 1, before each waits by itself. Default 20.
   */
  readonly lockTimeoutMs?: number;
}

export const GROUP_COMMIT_DEFAULTS = Object.freeze({ maxBatchSize: 8, lockTimeoutMs: 20 });

/** For whom one statement is, and how long it may take. */
export interface GroupedStatementOptions {
  /** A Deadline, or milliseconds from now. Default: the pool's `acquireMs` for a connection. */
  readonly deadline?: Deadline | number | undefined;
  /** Hold for this statement alone. Default none. */
  readonly settings?: LocalSettings | undefined;
  /** Who asks. Its `requestId` is told with a statement that is sent by itself. */
  readonly context?: CallContext | undefined;
}

/** What the server answered. */
export interface GroupedAnswer<Row> {
  /** As node-postgres parses them. */
  readonly rows: readonly Row[];
  /** How many rows it wrote, or answered. */
  readonly rowCount: number;
}

/** Writing statements of callers who know nothing of each other. */
export interface GroupCommit {
  /**
   * The statement is committed. It has failed for what it did itself, and for a lost connection; never for what another one did.
   *
   * @param text One INSERT, UPDATE, DELETE, MERGE, SELECT or WITH that ends no transaction and must be no part of one.
   * @throws InvalidOptionError; QueryFailedError, without parameters; DeadlineExceededError: then it was not applied; or why there was no
   * connection, marked with the phase `acquire`. Whether it was applied is told by the phase and the error as of any statement that commits by
   * itself.
   */
  run<Row extends object>(
    text: string,
    values: readonly unknown[],
    options?: GroupedStatementOptions,
  ): Promise<GroupedAnswer<Row>>;
}

/**
 * Makes statements of one turn of the event loop that have the same text share a connection, a round trip and a commit, whoever asks: to the server
 * they are one transaction. Should one of them fail, or wait for a lock, none of them is applied, and each is run again by itself: so each
 * has an outcome of its own. Where a connection has not prepared the statement, and behind a transaction pooler, each is sent by itself.
 * TypeORM's logger hears of each; subscribers of queries do not, since there is no query runner.
 *
 * @throws InvalidOptionError; ForeignDataSourceError
 */
export function createGroupCommit(dataSource: DataSource, options: GroupCommitOptions = {}): GroupCommit {
  requireKnownOptions('createGroupCommit', options, ['maxBatchSize', 'lockTimeoutMs']);
  const { maxBatchSize, lockTimeoutMs } = { ...GROUP_COMMIT_DEFAULTS, ...options };
  requireNumber('maxBatchSize', maxBatchSize, { min: 1, integer: true });
  requireNumber('lockTimeoutMs', lockTimeoutMs, { min: 1, max: 2_147_483_647, integer: true });
  requireRegistration(dataSource);
  return new GatheredStatements(dataSource, maxBatchSize, lockTimeoutMs);
}

class GatheredStatements implements GroupCommit {
  readonly #dataSource: DataSource;
  readonly #batches: TurnBatches;

  constructor(dataSource: DataSource, maxBatchSize: number, lockTimeoutMs: number) {
    this.#dataSource = dataSource;
    this.#batches = new TurnBatches(
      { maxBatchSize },
      (batch) => void runGroup(dataSource, batch, lockTimeoutMs),
    );
  }

  async run<Row extends object>(
    text: string,
    values: readonly unknown[],
    options: GroupedStatementOptions = {},
  ): Promise<GroupedAnswer<Row>> {
    requireSingleWrite(text, values);
    requireKnownOptions('run', options, ['deadline', 'settings', 'context']);
    const settings = readSettings(options.settings);
    const endsAtMs = readEnd(options.deadline);
    const sent = values.map(copyValue);
    const requestId = options.context?.requestId;
    // Of the caller: what is sent for several is sent in the context of one.
    noteStatement(text);
    const gather = (): Promise<SharedAnswer> =>
      new Promise((resolve, reject) => {
        const call = { values: sent, settings, endsAtMs, requestId, resolve, reject };
        this.#batches.add(RAW_ROWS, text, call, sizeOf(endsAtMs - performance.now()));
      });
    const heard = { dataSource: this.#dataSource, runner: undefined, text, values };
    const { rows, rowCount } = await sendHeard(heard, gather);
    try {
      return { rows: parseRows<Row>(rows as readonly RawRow[]), rowCount };
    } catch (error) {
      // As of a statement that node-postgres parses: it may be applied, and is.
      throw new QueryFailedError(text, [], error as Error);
    }
  }
}

/** The first deadline of several ends their common attempt: of those that share it none has more than twice as much time as another. */
function sizeOf(remainingMs: number): string {
  return Number.isFinite(remainingMs) ? String(Math.floor(Math.log2(Math.max(1, remainingMs)))) : 'unlimited';
}
