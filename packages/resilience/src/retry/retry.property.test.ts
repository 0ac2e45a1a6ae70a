import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { MAX_TIMER_MS } from '../clock/clock';
import { createDeadline } from '../clock/deadline';
import { FakeClock } from '../clock/fake-clock';
import { runRetries } from '../test/retry-engine-run';
import { modelRetries } from '../test/retry-model';
import { retrySchedules } from '../test/retry-schedule';
import { SCHEDULES } from '../test/schedules';
import { exponential, type Jitter } from './backoff';
import { RetryError } from './retry-error';
import { retryWithBackoff } from './retry-with-backoff';

const random01 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const jitters = fc.constantFrom<Jitter>('full', 'equal', 'decorrelated', 'none');

describe('every draw of a delay', () => {
  it('lies within the bounds of its jitter', () => {
    const cases = fc.record({
      baseDelayMs: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
      backoffMultiplier: fc.double({ min: 1, max: 10, noNaN: true }),
      retry: fc.integer({ min: 1, max: 2000 }),
      previousPart: random01,
      random: random01,
      jitter: jitters,
    });
    return fc.assert(
      fc.property(
        cases,
        ({ baseDelayMs, factor, backoffMultiplier, retry, previousPart, random, jitter }) => {
          const maxDelayMs = baseDelayMs * factor;
          const backoff = exponential({ baseDelayMs, maxDelayMs, backoffMultiplier, jitter });
          const maxMs = Math.min(maxDelayMs, MAX_TIMER_MS);
          const ceilingMs = Math.min(maxMs, baseDelayMs * backoffMultiplier ** (retry - 1));
          const previousMs = baseDelayMs + previousPart * (maxMs - baseDelayMs);
          const delayMs = backoff.drawDelayMs(retry, previousMs, () => random);
          const [low, high] = {
            full: [0, ceilingMs],
            equal: [ceilingMs / 2, ceilingMs],
            none: [ceilingMs, ceilingMs],
            decorrelated: [Math.min(baseDelayMs, maxMs), maxMs],
          }[jitter] as [number, number];
          expect(delayMs).toBeGreaterThanOrEqual(low);
          expect(delayMs).toBeLessThanOrEqual(high);
        },
      ),
    );
  });
});

describe('every run under a total outage', () => {
  it('calls at most maxAttempts times and waits no longer than its deadline', async () => {
    const cases = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 12 }),
      baseDelayMs: fc.integer({ min: 1, max: 5000 }),
      deadlineMs: fc.integer({ min: 1, max: 60_000 }),
      callMs: fc.integer({ min: 0, max: 3000 }),
      jitter: jitters,
      draws: fc.array(random01, { minLength: 12, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ maxAttempts, baseDelayMs, deadlineMs, callMs, jitter, draws }) => {
        const clock = new FakeClock();
        let calls = 0;
        let lastStartMs = 0;
        const run = retryWithBackoff(
          async () => {
            calls += 1;
            lastStartMs = clock.nowMs();
            await new Promise<void>((resolve) => clock.schedule(resolve, callMs));
            throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
          },
          { maxAttempts, baseDelayMs, jitter, deadline: createDeadline(deadlineMs, clock) },
          { clock, random: () => draws[calls % draws.length] ?? 0 },
        );
        const error: unknown = await clock.runUntilSettled(run).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(RetryError);
        const { attempts, totalDelayMs, elapsedMs } = error as RetryError;
        expect(attempts).toBe(calls);
        expect(calls).toBeLessThanOrEqual(maxAttempts);
        expect(lastStartMs).toBeLessThan(deadlineMs);
        expect(totalDelayMs).toBeLessThan(deadlineMs);
        expect(elapsedMs).toBeLessThanOrEqual(deadlineMs + callMs);
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

describe('every schedule of calls, waits, hints, deadlines and aborts', () => {
  it(`is run as the model says: ${SCHEDULES} schedules`, async () => {
    const reached = new Set<string>();
    await fc.assert(
      fc.asyncProperty(retrySchedules, async (schedule) => {
        const { histories, pendingTimers } = await runRetries(schedule);
        const expected = modelRetries(schedule);
        // Jest's own comparison takes longer than everything else; it is asked for the difference alone.
        if (!isDeepStrictEqual(histories, expected)) expect(histories).toEqual(expected);
        expect(pendingTimers).toBe(0);
        for (const { end, events } of histories) {
          reached.add(end?.kind === 'RetryError' ? end.code : String(end?.kind));
          for (const event of events) if (event.name === 'giveUp') reached.add(event.reason);
        }
      }),
      { numRuns: SCHEDULES },
    );
    // A comparison of what never happens would prove nothing.
    if (SCHEDULES >= 1000) {
      expect([...reached].sort()).toEqual([
        ...['RETRY_BUDGET', 'RETRY_DEADLINE', 'RETRY_EXHAUSTED', 'aborted', 'budget', 'deadline'],
        ...['exhausted', 'failure', 'not-retryable', 'reason', 'value'],
      ]);
    }
  });
});
