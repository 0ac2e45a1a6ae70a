import { exponential, RetryError, readErrorCode, retry } from '@holdfast/resilience';
import type { QueryRunner } from 'typeorm';
import { throwIfAborted } from './abortable-wait';
import { MigrationError } from './migration-error';
import { runOf, signalOf, uninterrupted } from './run-context';
import { readSettings, writeSettings } from './session-settings';

// lock_not_available, which is what lock_timeout ends with, and deadlock_detected: of both, nothing is left.
const LOCK_FAILURES = ['55P03', '40P01'];

/** Seconds after a blocker has gone at most; a stalled reader meanwhile waits for one attempt, not for the blocker. */
const BACKOFF = exponential({ baseDelayMs: 250, maxDelayMs: 5_000, jitter: 'equal' });

/**
 * Afterwards the work is done, and nobody had to wait behind it for longer than the run's `lockTimeoutMs` (default
 * 200): a statement that asks for a strong lock stops whoever comes after it, readers included, for as long as it
 * waits. So it waits that long only, fails with 55P03, leaves the queue to the others, and is tried again after a
 * pause, until it gets through.
 *
 * The work is one statement, or one transaction from its start to its end; it is run as often as it takes. Inside a
 * transaction that somebody else has begun it runs once, as it is: only who owns a transaction can begin it again.
 *
 * @param name what the events call it.
 * @throws MigrationError HOLDFAST_LOCK_NOT_HAD after the run's `maxLockWaitMs`; by default there is no limit.
 * @throws an AbortError when the run's signal aborts during a pause.
 */
export async function withLockRetry<T>(
  runner: QueryRunner,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const { lockTimeoutMs, maxLockWaitMs, watch, report, recorder } = runOf(runner);
  if (runner.isTransactionActive || recorder !== undefined) return work();
  const policy = retry({
    maxAttempts: Number.MAX_SAFE_INTEGER,
    backoff: BACKOFF,
    retryableErrors: (error) => LOCK_FAILURES.includes(readErrorCode(error) ?? ''),
  });
  policy.on('retry', ({ attempt, delayMs }) =>
    report({ type: 'lock-timeout', name, attempt, delayMs, blockers: watch?.blockers ?? [] }),
  );
  const attempt = () =>
    watch === undefined ? work() : watch.sampleBlockers(name, Math.max(10, lockTimeoutMs / 4), work);
  const before = await readSettings(runner, ['lock_timeout']);
  await writeSettings(runner, new Map([['lock_timeout', `${lockTimeoutMs}ms`]]));
  try {
    return await policy.execute(attempt, { signal: signalOf(runner), deadline: maxLockWaitMs });
  } catch (error) {
    if (!(error instanceof RetryError)) {
      // The engine ends with the signal's reason, whatever that is.
      if (error === signalOf(runner)?.reason) throwIfAborted(runner);
      throw error;
    }
    throw new MigrationError(
      'HOLDFAST_LOCK_NOT_HAD',
      `${name}: a lock was not had in ${error.attempts} attempts of ${lockTimeoutMs} ms each${nameBlockers(runner)}`,
      { cause: error.cause },
    );
  } finally {
    // If the connection is gone the setting is too, and the first error is the one to hear about.
    await uninterrupted(runner, () => writeSettings(runner, before)).catch(() => undefined);
  }
}

function nameBlockers(runner: QueryRunner): string {
  const pids = runOf(runner).watch?.blockers.map(({ pid }) => pid) ?? [];
  return pids.length === 0 ? '' : `; in its way was pid ${pids.join(', ')}`;
}
