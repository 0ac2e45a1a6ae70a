import { type Attempt, CallSignal, createAttempt } from './attempt';
import { drawDelayMs, drawSlowDelayMs } from './backoff';
import { MAX_TIMER_MS, sleep } from './clock';
import { listErrorChain, readField } from './error-chain';
import type { RetryContext } from './retry-context';
import { RetryError } from './retry-error';
import { type GiveUpReason, RetryLog } from './retry-log';
import type { RetrySettings } from './retry-options';

/** Whether a failure may be tried again, and how patiently: `slow` waits near the maximum from the start. */
export type RetryDecision = 'no' | 'yes' | 'slow';

/** Work that can be run again. */
export type RetryableOperation<T> = (attempt: Attempt) => Promise<T> | T;

/**
 * Runs the operation until it succeeds, fails in a way `decide` refuses, or attempts, deadline or signal end it.
 * A success is returned whatever the signal says by then: a committed write must not report as aborted.
 */
export async function runWithRetry<T>(
  operation: RetryableOperation<T>,
  settings: RetrySettings,
  decide: (error: unknown) => RetryDecision,
  context: RetryContext,
): Promise<T> {
  const { maxAttempts, signal, deadline, clock } = settings;
  signal?.throwIfAborted();
  const log = new RetryLog(context);
  const call = new CallSignal(settings);
  const startedMs = clock.nowMs();
  if (deadline && deadline.remainingMs() <= 0) {
    throw new RetryError('RETRY_DEADLINE', { attempts: 0, totalDelayMs: 0, elapsedMs: 0 }, undefined);
  }
  let totalDelayMs = 0;
  let delayMs: number | undefined;

  try {
    for (let attempt = 1; ; attempt++) {
      const progress = () => ({ attempt, maxAttempts, delayMs: delayMs ?? 0, totalDelayMs });
      try {
        const result = await operation(createAttempt(attempt, call, deadline));
        if (attempt > 1) log.successAfterRetry(progress());
        return result;
      } catch (error) {
        const giveUp = (reason: GiveUpReason): void => log.giveUp(progress(), error, reason);
        const facts = () => ({ attempts: attempt, totalDelayMs, elapsedMs: clock.nowMs() - startedMs });

        const decision = isRetryError(error) ? 'no' : decide(error);
        if (decision === 'no') {
          if (attempt > 1) giveUp('not-retryable');
          throw error;
        }
        if (signal?.aborted) {
          giveUp('aborted');
          throw signal.reason;
        }
        if (attempt >= maxAttempts) {
          giveUp('exhausted');
          throw new RetryError('RETRY_EXHAUSTED', facts(), error);
        }
        const nextDelayMs = drawNextDelayMs(settings, decision, attempt, delayMs, error);
        if (deadline && nextDelayMs >= deadline.remainingMs()) {
          giveUp('deadline');
          throw new RetryError('RETRY_DEADLINE', facts(), error);
        }
        delayMs = nextDelayMs;
        log.retry(progress(), error);
        const waitStartedMs = clock.nowMs();
        try {
          await sleep(clock, delayMs, signal);
          signal?.throwIfAborted();
        } catch (reason) {
          totalDelayMs += clock.nowMs() - waitStartedMs;
          giveUp('aborted');
          throw reason;
        }
        totalDelayMs += clock.nowMs() - waitStartedMs;
        // The timer may fire late; an attempt that starts after the deadline could only fail.
        if (deadline && deadline.remainingMs() <= 0) {
          giveUp('deadline');
          throw new RetryError('RETRY_DEADLINE', facts(), error);
        }
      }
    }
  } finally {
    call.dispose();
  }
}

/** Attempts that were already retried further in are not multiplied further out. */
function isRetryError(error: unknown): boolean {
  return listErrorChain(error).some((link) => link instanceof RetryError);
}

function drawNextDelayMs(
  { backoff, random }: RetrySettings,
  decision: 'yes' | 'slow',
  retry: number,
  previousDelayMs: number | undefined,
  error: unknown,
): number {
  const drawnMs =
    decision === 'slow'
      ? drawSlowDelayMs(backoff, random)
      : drawDelayMs(backoff, retry, previousDelayMs, random);
  // Coming back earlier than the server asked for is a wasted attempt, so its hint may exceed maxDelayMs.
  return Math.min(MAX_TIMER_MS, Math.max(drawnMs, readRetryAfterMs(error)));
}

function readRetryAfterMs(error: unknown): number {
  for (const link of listErrorChain(error)) {
    const hint = readField(link, 'retryAfterMs');
    if (typeof hint === 'number' && Number.isFinite(hint) && hint > 0) return hint;
  }
  return 0;
}
