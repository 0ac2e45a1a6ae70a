import { MAX_TIMER_MS } from '../clock/clock';
import { createDeadline } from '../clock/deadline';
import { FakeClock } from '../clock/fake-clock';
import { RetryError } from './retry-error';
import type { RetryOptions } from './retry-options';
import type { RetryContext } from './retry-with-backoff';
import { retryWithBackoff } from './retry-with-backoff';

const refused = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

/** An operation that fails with the given errors in turn and then succeeds. */
function failing(...errors: unknown[]) {
  const attempts: number[] = [];
  const operation = async ({ attempt }: { attempt: number }): Promise<string> => {
    attempts.push(attempt);
    if (errors.length > 0) throw errors.shift();
    return 'done';
  };
  return { attempts, operation };
}

function alwaysFailing(error: unknown = refused()) {
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    operation: async (): Promise<never> => {
      calls += 1;
      throw error;
    },
  };
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('resolved, but a rejection was expected');
    },
    (error: unknown) => error,
  );
}

describe('retryWithBackoff', () => {
  let clock: FakeClock;
  let context: RetryContext;

  beforeEach(() => {
    clock = new FakeClock();
    context = { clock, random: () => 0.5 };
  });

  it('returns the first success without waiting', async () => {
    const { operation, attempts } = failing();
    await expect(retryWithBackoff(operation, {}, context)).resolves.toBe('done');
    expect(attempts).toEqual([1]);
    expect(clock.nowMs()).toBe(0);
  });

  it('counts attempts from 1 and includes the first call in maxAttempts', async () => {
    const { operation, attempts } = failing(refused(), refused());
    await clock.runUntilSettled(retryWithBackoff(operation, { maxAttempts: 3 }, context));
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('calls five times by default, waiting 1, 2, 4 and 8 seconds without jitter', async () => {
    const { operation, attempts } = failing(refused(), refused(), refused(), refused());
    await clock.runUntilSettled(retryWithBackoff(operation, { jitter: false }, context));
    expect(attempts).toHaveLength(5);
    expect(clock.nowMs()).toBe(15_000);
  });

  it('makes one call, not two, when maxAttempts is 1', async () => {
    const subject = alwaysFailing();
    const error = await caught(retryWithBackoff(subject.operation, { maxAttempts: 1 }, context));
    expect(subject.calls).toBe(1);
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 1, totalDelayMs: 0 });
  });

  it('passes an error that is not retryable through untouched', async () => {
    const original = new Error('a bug');
    const subject = alwaysFailing(original);
    expect(await caught(retryWithBackoff(subject.operation, {}, context))).toBe(original);
    expect(subject.calls).toBe(1);
  });

  it('passes a later error that is not retryable through untouched as well', async () => {
    const original = new Error('a bug');
    const { operation, attempts } = failing(refused(), original);
    expect(await caught(clock.runUntilSettled(retryWithBackoff(operation, {}, context)))).toBe(original);
    expect(attempts).toEqual([1, 2]);
  });

  it('reports attempts, delays, elapsed time and the last failure when it gives up', async () => {
    const last = refused();
    const subject = alwaysFailing(last);
    const options = { maxAttempts: 3, baseDelayMs: 100, jitter: false } as const;
    const error = await caught(clock.runUntilSettled(retryWithBackoff(subject.operation, options, context)));
    expect(error).toBeInstanceOf(RetryError);
    expect(error).toMatchObject({
      name: 'RetryError',
      code: 'RETRY_EXHAUSTED',
      attempts: 3,
      totalDelayMs: 300,
      elapsedMs: 300,
      cause: last,
    });
  });

  it('does not multiply attempts when retries are nested', async () => {
    const subject = alwaysFailing();
    const inner = () => retryWithBackoff(subject.operation, { maxAttempts: 5 }, context);
    const outer = retryWithBackoff(inner, { maxAttempts: 3, retryableErrors: () => true }, context);
    await caught(clock.runUntilSettled(outer));
    expect(subject.calls).toBe(5);
  });

  describe('what is retried', () => {
    const cases: readonly [string, unknown, RetryOptions['retryableErrors'], boolean][] = [
      ['an error tagged transient', Object.assign(new Error(), { transient: true }), undefined, true],
      ['a connection that was refused', refused(), undefined, true],
      ['one hidden behind a cause', new Error('wrapped', { cause: refused() }), undefined, true],
      ['an aggregate of refused connections', new AggregateError([refused(), refused()]), undefined, true],
      [
        'an aggregate of which one error is another',
        new AggregateError([refused(), new Error()]),
        undefined,
        false,
      ],
      ['a reset while connecting', { code: 'ECONNRESET', syscall: 'connect' }, undefined, true],
      ['a reset of an open connection', { code: 'ECONNRESET', syscall: 'read' }, undefined, false],
      [
        'a wrapper that forbids it',
        Object.assign(new Error('no', { cause: refused() }), { transient: false }),
        undefined,
        false,
      ],
      ['a code that was added', { code: 'E_BUSY' }, ['E_BUSY'], true],
      ['a code that was not added', { code: 'E_OTHER' }, ['E_BUSY'], false],
      ['what a predicate accepts', new RangeError(), (error) => error instanceof RangeError, true],
      ['a thrown string', 'oops', undefined, false],
      ['a text that only looks like a code', new Error('connect ECONNREFUSED'), undefined, false],
    ];
    it.each(cases)('%s', async (_, error, retryableErrors, isRetried) => {
      const subject = alwaysFailing(error);
      const options = { maxAttempts: 2, ...(retryableErrors && { retryableErrors }) };
      await caught(clock.runUntilSettled(retryWithBackoff(subject.operation, options, context)));
      expect(subject.calls).toBe(isRetried ? 2 : 1);
    });

    it('survives an error whose cause is itself', async () => {
      const error = new Error('circular');
      error.cause = error;
      expect(await caught(retryWithBackoff(alwaysFailing(error).operation, {}, context))).toBe(error);
    });
  });

  describe('server hints', () => {
    it('waits at least as long as the error asks, even beyond maxDelayMs', async () => {
      const { operation } = failing(Object.assign(refused(), { retryAfterMs: 60_000 }));
      await clock.runUntilSettled(retryWithBackoff(operation, {}, context));
      expect(clock.nowMs()).toBe(60_000);
    });

    it('does not shorten its own wait to a smaller hint', async () => {
      const { operation } = failing(Object.assign(refused(), { retryAfterMs: 1 }));
      await clock.runUntilSettled(retryWithBackoff(operation, { jitter: false }, context));
      expect(clock.nowMs()).toBe(1000);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY, -5, '60'])('ignores the hint %p', async (retryAfterMs) => {
      const { operation } = failing(Object.assign(refused(), { retryAfterMs }));
      await clock.runUntilSettled(retryWithBackoff(operation, { jitter: false }, context));
      expect(clock.nowMs()).toBe(1000);
    });

    it.each([0, -5, Number.NaN])('looks behind a hint of %p for one that says something', async (outer) => {
      const inner = Object.assign(refused(), { retryAfterMs: 60_000 });
      const { operation } = failing(
        Object.assign(new Error('wrapped', { cause: inner }), { retryAfterMs: outer }),
      );
      await clock.runUntilSettled(retryWithBackoff(operation, {}, context));
      expect(clock.nowMs()).toBe(60_000);
    });

    it('clamps a hint to what a timer can hold', async () => {
      const { operation } = failing(Object.assign(refused(), { retryAfterMs: 1e12 }));
      await clock.runUntilSettled(retryWithBackoff(operation, {}, context));
      expect(clock.nowMs()).toBe(MAX_TIMER_MS);
    });
  });

  describe('abort', () => {
    const reason = new Error('the caller left');

    it('never runs the operation when the signal is aborted beforehand', async () => {
      const subject = alwaysFailing();
      const options = { signal: AbortSignal.abort(reason) };
      expect(await caught(retryWithBackoff(subject.operation, options, context))).toBe(reason);
      expect(subject.calls).toBe(0);
    });

    it('ends a wait at once and never calls the operation again', async () => {
      const controller = new AbortController();
      const subject = alwaysFailing();
      const options = { signal: controller.signal, jitter: false };
      const run = caught(retryWithBackoff(subject.operation, options, context));
      await clock.advance(400);
      controller.abort(reason);
      expect(await run).toBe(reason);
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(100_000);
      expect(subject.calls).toBe(1);
    });

    it('goes on waiting and calls again without the abort', async () => {
      const { operation, attempts } = failing(refused());
      const options = { signal: new AbortController().signal, jitter: false };
      await clock.runUntilSettled(retryWithBackoff(operation, options, context));
      expect(attempts).toEqual([1, 2]);
    });

    it('keeps the result when the abort arrives while a success returns', async () => {
      const controller = new AbortController();
      const operation = async () => {
        controller.abort(reason);
        return 'committed';
      };
      await expect(retryWithBackoff(operation, { signal: controller.signal }, context)).resolves.toBe(
        'committed',
      );
    });

    it('does not wait after a failure that follows the abort', async () => {
      const controller = new AbortController();
      const operation = async (): Promise<never> => {
        controller.abort(reason);
        throw refused();
      };
      expect(await caught(retryWithBackoff(operation, { signal: controller.signal }, context))).toBe(reason);
    });

    it('hands its signal to the operation', async () => {
      const { signal } = new AbortController();
      const operation = async (attempt: { signal: AbortSignal }) => attempt.signal;
      await expect(retryWithBackoff(operation, { signal }, context)).resolves.toBe(signal);
    });
  });

  describe('deadline', () => {
    it('refuses a wait that would outlive it, at once', async () => {
      const subject = alwaysFailing();
      const options = { deadline: 2500, jitter: false };
      const error = await caught(
        clock.runUntilSettled(retryWithBackoff(subject.operation, options, context)),
      );
      expect(error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 2, totalDelayMs: 1000 });
      expect(clock.nowMs()).toBe(1000);
    });

    it('lets the same waits pass without it', async () => {
      const subject = alwaysFailing();
      const error = await caught(
        clock.runUntilSettled(retryWithBackoff(subject.operation, { jitter: false }, context)),
      );
      expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 5 });
    });

    it('never calls the operation when it has passed', async () => {
      const deadline = createDeadline(10, clock);
      await clock.advance(10);
      const subject = alwaysFailing();
      const error = await caught(retryWithBackoff(subject.operation, { deadline }, context));
      expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(subject.calls).toBe(0);
    });

    it('aborts the signal of a running attempt and leaves no timer behind', async () => {
      const operation = ({ signal }: { signal: AbortSignal }): Promise<never> =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      const error = await caught(
        clock.runUntilSettled(retryWithBackoff(operation, { deadline: 50 }, context)),
      );
      expect(error).toMatchObject({ name: 'DeadlineExceededError' });
      expect(clock.nowMs()).toBe(50);

      await retryWithBackoff(({ signal }) => signal.aborted, { deadline: 50 }, context);
      expect(clock.pendingTimers).toBe(0);
    });
  });
});
