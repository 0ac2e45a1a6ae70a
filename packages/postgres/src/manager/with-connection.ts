import { performance } from 'node:perf_hooks';
import {
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
import { runInterruptibly } from '../pool/interrupt';
import { readLease } from '../pool/lease';
import { requireSignal } from '../pool/require-option';
import { type LocalSettings, readSettings } from '../statements/local-settings';
import { TransactionLeftOpenError } from './manager-error';

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
  requireKnownOptions('withConnection', options, ['signal', 'deadline', 'settings']);
  if (typeof work !== 'function') throw new InvalidOptionError('work', work, 'a function');
  const { signal, deadline } = options;
  const settings = readSettings(options.settings);
  requireSignal(signal);
  const startedMs = performance.now();
  const remainingMs = deadline === undefined ? undefined : readRemainingMs(deadline);
  if (remainingMs !== undefined && remainingMs <= 0) throw tagPhase(new DeadlineExceededError(), 'acquire');
  const runner = dataSource.createQueryRunner();
  const client: PoolClient = await withAcquireOptions({ signal, remainingMs }, () => runner.connect());
  const limit =
    remainingMs === undefined ? undefined : startLimit(remainingMs - (performance.now() - startedMs));
  const end = joinSignals(signal, limit?.signal);
  const lease = readLease(client);
  if (lease) lease.settings = settings;
  try {
    const result = await (end && lease ? runInterruptibly(lease, end, () => work(runner)) : work(runner));
    // A connection that the work has given back itself may be another caller's by now.
    if (!runner.isReleased && client.getTransactionStatus() !== 'I') throw new TransactionLeftOpenError();
    return result;
  } finally {
    limit?.cancel();
    await runner.release();
  }
}

/** A signal that is aborted when the deadline passes. */
function startLimit(leftMs: number): { readonly signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DeadlineExceededError()), Math.max(1, leftMs));
  return { signal: controller.signal, cancel: () => clearTimeout(timer) };
}

function joinSignals(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
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
