import { performance } from 'node:perf_hooks';
import {
  type CallContext,
  type Deadline,
  DeadlineExceededError,
  InvalidOptionError,
  MAX_TIMER_MS,
  requireKnownOptions,
  requireNumber,
} from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { PoolClient } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { withAcquireOptions } from '../pool/acquire-options';
import { INTERRUPTED_WITHIN_MS, runInterruptibly } from '../pool/interrupt';
import { readLease } from '../pool/lease';
import { requireSignal } from '../pool/require-option';
import { type LocalSettings, readSettings } from '../statements/local-settings';
import { TransactionLeftOpenError } from './manager-error';
import { WorkLimit } from './work-limit';

/** What ends the wait for a connection, and the work on it. */
export interface WithConnectionOptions {
  /** Ends the wait or the work: its statement is cancelled on the server, and the caller gets the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Bounds both, as a Deadline or in milliseconds from now. A caller whose wait is expected to be longer is refused at
   * once. Default: the pool's `acquireMs`.
   */
  readonly deadline?: Deadline | number | undefined;
  /**
   * Hold for each statement of the work, and go out with it: policies and functions of the database read them. Default none.
   */
  readonly settings?: LocalSettings | undefined;
  /** Who asks. Its `requestId` is told with each statement of the work. */
  readonly context?: CallContext | undefined;
}

/**
 * The work has run on a connection of its own, which was given back; or it was closed, if a transaction was left open on it.
 * Work that is ended by its signal or deadline has no statement running any more, on either side.
 * @throws TransactionLeftOpenError; what the work throws; the signal's reason; DeadlineExceededError; or why there was no
 * connection, marked with the phase `acquire`.
 */
export async function runOnConnection<T>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<T> | T,
  options: WithConnectionOptions,
): Promise<T> {
  requireKnownOptions('withConnection', options, ['signal', 'deadline', 'settings', 'context']);
  if (typeof work !== 'function') throw new InvalidOptionError('work', work, 'a function');
  const { signal, deadline } = options;
  const settings = readSettings(options.settings);
  requireSignal(signal);
  const startedMs = performance.now();
  const remainingMs = deadline === undefined ? undefined : readRemainingMs(deadline);
  if (remainingMs !== undefined && remainingMs <= 0) throw tagPhase(new DeadlineExceededError(), 'acquire');
  const runner = dataSource.createQueryRunner();
  // TypeORM, which lies between, is no caller of interest, and each frame of a stack costs time.
  const heldForMs = remainingMs === undefined ? undefined : remainingMs + INTERRUPTED_WITHIN_MS;
  const wait = { signal, remainingMs, heldForMs, above: runOnConnection };
  const client: PoolClient = await withAcquireOptions(wait, () => runner.connect());
  const isLimited = signal !== undefined || remainingMs !== undefined;
  const leftMs = remainingMs === undefined ? undefined : remainingMs - (performance.now() - startedMs);
  const limit = isLimited ? new WorkLimit(signal, leftMs) : undefined;
  const lease = readLease(client);
  if (lease) {
    lease.settings = settings;
    lease.requestId = options.context?.requestId;
  }
  try {
    const result = await (limit && lease ? runInterruptibly(lease, limit, () => work(runner)) : work(runner));
    // A connection that the work has given back itself may be another caller's by now.
    if (!runner.isReleased && client.getTransactionStatus() !== 'I') throw new TransactionLeftOpenError();
    return result;
  } finally {
    limit?.dismiss();
    await runner.release();
  }
}

/** What is left of a time limit may be nothing or less, so a number is not required to be positive. */
function readRemainingMs(deadline: Deadline | number): number {
  if (typeof deadline !== 'number' && typeof deadline?.remainingMs !== 'function') {
    throw new InvalidOptionError('deadline', deadline, 'a Deadline, or milliseconds');
  }
  return requireNumber('deadline', typeof deadline === 'number' ? deadline : deadline.remainingMs(), {
    max: MAX_TIMER_MS,
  });
}
