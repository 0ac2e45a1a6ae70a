import { getEventListeners } from 'node:events';
import { MAX_TIMER_MS } from '../clock/clock';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { alwaysFailing, countCalls, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import { constant, exponential } from './backoff';
import { retry } from './retry';

/** Faults found in the retry libraries in use today. None may exist here; each has a control without the fault. */
describe('faults a retry does not have', () => {
  const reason = new Error('the caller left');
  const shape = { baseDelayMs: 1000, jitter: false } as const;
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  describe('an abort during backoff is ignored, and the function is called once more', () => {
    it('does not happen: the wait ends at once, and nothing is called again', async () => {
      const controller = new AbortController();
      const subject = alwaysFailing();
      const outcome = watch(retry({ ...shape, clock }).execute(subject.operation, controller));
      await clock.advance(999);
      expect(outcome.state).toBe('pending');
      controller.abort(reason);
      await settled();
      expect(outcome.error).toBe(reason);
      expect(clock.nowMs()).toBe(999);
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(MAX_TIMER_MS);
      expect(subject.calls).toBe(1);
    });

    it('does not happen when the abort comes between two calls of a longer retry', async () => {
      const controller = new AbortController();
      const subject = alwaysFailing();
      const outcome = watch(retry({ ...shape, clock }).execute(subject.operation, controller));
      await clock.advance(1000 + 1999);
      expect(subject.calls).toBe(2);
      controller.abort(reason);
      await clock.advance(MAX_TIMER_MS);
      expect(outcome.error).toBe(reason);
      expect(subject.calls).toBe(2);
    });

    it.each(['retry', 'random source'])('does not happen when a %s listener aborts', async (by) => {
      const controller = new AbortController();
      const random = () => {
        if (by === 'random source') controller.abort(reason);
        return 0.5;
      };
      const policy = retry({ baseDelayMs: 1000, random, clock });
      const events = recordRetryEvents(policy);
      if (by === 'retry') policy.on('retry', () => controller.abort(reason));
      const subject = alwaysFailing();
      const outcome = watch(policy.execute(subject.operation, controller));
      await settled();
      expect(outcome.error).toBe(reason);
      expect(events.at(-1)).toMatchObject({ name: 'giveUp', reason: 'aborted', totalDelayMs: 0 });
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(MAX_TIMER_MS);
      expect(subject.calls).toBe(1);
    });

    it('leaves no listener on a signal that lives longer than the call', async () => {
      const { signal } = new AbortController();
      const subject = failingWith(refused(), refused());
      await clock.runUntilSettled(retry({ ...shape, clock }).execute(subject.operation, { signal }));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('control: without an abort the function is called again when the wait is over', async () => {
      const { signal } = new AbortController();
      const subject = failingWith(refused());
      const outcome = watch(retry({ ...shape, clock }).execute(subject.operation, { signal }));
      await clock.advance(999);
      expect(subject.calls).toBe(1);
      await clock.advance(1);
      expect(outcome.value).toBe('done');
      expect(subject.calls).toBe(2);
    });
  });

  describe('a signal that is aborted beforehand still runs the function', () => {
    it('does not happen, nor is anything told or paid for', async () => {
      const policy = retry({ ...shape, clock });
      const events = recordRetryEvents(policy);
      const subject = failingWith();
      const call = policy.execute(subject.operation, { signal: AbortSignal.abort(reason) });
      expect(await caught(call)).toBe(reason);
      expect(subject.calls).toBe(0);
      expect(events).toEqual([]);
    });

    it('does not happen when a listener aborts before the first attempt', async () => {
      const controller = new AbortController();
      const policy = retry({ ...shape, clock });
      policy.on('attempt', () => controller.abort(reason));
      const subject = failingWith();
      expect(await caught(clock.runUntilSettled(policy.execute(subject.operation, controller)))).toBe(reason);
      expect(subject.calls).toBe(0);
    });

    it('control: the function runs when the signal is not aborted', async () => {
      const subject = failingWith();
      const { signal } = new AbortController();
      await expect(retry({ ...shape, clock }).execute(subject.operation, { signal })).resolves.toBe('done');
      expect(subject.calls).toBe(1);
    });
  });

  describe('an abort that arrives while a success returns rejects the result', () => {
    it.each([1, 2])('does not happen at attempt %p: what is committed is reported', async (lastAttempt) => {
      const controller = new AbortController();
      const subject = countCalls((call) => {
        if (call < lastAttempt) throw refused();
        controller.abort(reason);
        return 'committed';
      });
      const call = retry({ ...shape, clock }).execute(subject.operation, controller);
      await expect(clock.runUntilSettled(call)).resolves.toBe('committed');
    });

    it('does not happen when the operation ends long after the abort', async () => {
      const controller = new AbortController();
      const operation = () => new Promise((resolve) => clock.schedule(() => resolve('committed'), 500));
      const outcome = watch(retry({ ...shape, clock }).execute(operation, controller));
      await clock.advance(100);
      controller.abort(reason);
      await clock.advance(400);
      expect(outcome).toMatchObject({ state: 'fulfilled', value: 'committed' });
    });

    it('control: a failure after the abort is not retried, and rejects with the reason', async () => {
      const controller = new AbortController();
      const subject = countCalls(() => {
        controller.abort(reason);
        throw refused();
      });
      expect(
        await caught(
          clock.runUntilSettled(retry({ ...shape, clock }).execute(subject.operation, controller)),
        ),
      ).toBe(reason);
      expect(subject.calls).toBe(1);
    });
  });

  describe('retries in each other multiply their attempts', () => {
    const outer = () => retry({ ...shape, maxAttempts: 3, clock });
    const inner = () => retry({ ...shape, maxAttempts: 5, clock });

    it('does not happen: 3 × 5 is 5', async () => {
      const subject = alwaysFailing();
      const policy = pipeline([outer(), inner()]);
      await caught(clock.runUntilSettled(policy.execute(subject.operation)));
      expect(subject.calls).toBe(5);
    });

    it('control: the outer one retries where no other has', async () => {
      const subject = alwaysFailing();
      await caught(clock.runUntilSettled(outer().execute(subject.operation)));
      expect(subject.calls).toBe(3);
    });
  });

  describe('maxAttempts counts something else than attempts', () => {
    it.each([1, 2, 3, 7])('does not happen: %p makes as many calls', async (maxAttempts) => {
      const subject = alwaysFailing();
      const error = await caught(
        clock.runUntilSettled(retry({ ...shape, maxAttempts, clock }).execute(subject.operation)),
      );
      expect(subject.calls).toBe(maxAttempts);
      expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: maxAttempts });
    });

    it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3'])('refuses %p', (maxAttempts) => {
      expect(() => retry({ maxAttempts: maxAttempts as number })).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          option: 'maxAttempts',
          value: maxAttempts,
          allowed: 'an integer of at least 1',
        }),
      );
    });

    it('control: a number that is left out is 5', async () => {
      const subject = alwaysFailing();
      const policy = retry({ ...shape, maxAttempts: undefined, clock });
      await caught(clock.runUntilSettled(policy.execute(subject.operation)));
      expect(subject.calls).toBe(5);
    });
  });

  describe('an exponent has no effect', () => {
    const draw = (backoffMultiplier: number) => {
      const backoff = exponential({ baseDelayMs: 10, jitter: 'none', backoffMultiplier });
      return [1, 2, 3].map((n) => backoff.drawDelayMs(n, undefined, Math.random));
    };

    it('does not happen: 3 triples the waits', () => {
      expect(draw(3)).toEqual([10, 30, 90]);
    });

    it('control: 2 doubles them, 1 keeps them', () => {
      expect(draw(2)).toEqual([10, 20, 40]);
      expect(draw(1)).toEqual([10, 10, 10]);
    });
  });

  describe('the first decorrelated delay is a hundred times off', () => {
    it('does not happen: it lies between the base and three times the base', () => {
      const backoff = exponential({ baseDelayMs: 10, maxDelayMs: 100_000, jitter: 'decorrelated' });
      expect([0, 0.5, 1].map((r) => backoff.drawDelayMs(1, undefined, () => r))).toEqual([10, 20, 30]);
    });

    it('control: later ones grow from the one before', () => {
      const backoff = exponential({ baseDelayMs: 10, maxDelayMs: 100_000, jitter: 'decorrelated' });
      expect([0, 0.5, 1].map((r) => backoff.drawDelayMs(2, 1000, () => r))).toEqual([10, 1505, 3000]);
    });
  });

  describe('a delay beyond the timer maximum fires at once', () => {
    it('does not happen: it is clamped', async () => {
      const subject = failingWith(refused());
      const outcome = watch(retry({ backoff: constant(1e12), clock }).execute(subject.operation));
      await clock.advance(MAX_TIMER_MS - 1);
      expect(outcome.state).toBe('pending');
      await clock.advance(1);
      expect(outcome.value).toBe('done');
    });

    it('control: a shorter one is kept as it is', async () => {
      const subject = failingWith(refused());
      const outcome = watch(retry({ backoff: constant(1e6), clock }).execute(subject.operation));
      await clock.advance(1e6);
      expect(outcome.value).toBe('done');
    });
  });
});
