import { fakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { thrownBy } from '../test/breaker-calls';
import { constant } from './backoff';
import { retry } from './retry';
import { RETRY_DEFAULTS, type RetryOptions } from './retry-options';
import { retryWithBackoff } from './retry-with-backoff';

const context = { clock: fakeClock() };

/** Runs with the options and tells what came of it. */
async function attemptWith(options: object): Promise<{ error: unknown; calls: number }> {
  let calls = 0;
  const operation = async (): Promise<never> => {
    calls += 1;
    throw new Error('not retryable');
  };
  const run = retryWithBackoff(operation, options as RetryOptions, context);
  const error: unknown = await run.catch((reason: unknown) => reason);
  return { error, calls };
}

describe('the options of a retry', () => {
  const numeric = [
    ['maxAttempts', 'an integer of at least 1'],
    ['baseDelayMs', 'a finite number above 0'],
    ['maxDelayMs', 'a finite number of at least 1000'],
    ['backoffMultiplier', 'a finite number of at least 1'],
    ['deadline', 'a finite number above 0 and of at most 2147483647'],
  ] as const;
  const refused = [0, -1, Number.NaN, Number.POSITIVE_INFINITY];
  const cases = numeric
    .flatMap(([option, allowed]) => refused.map((value) => ({ option, value, allowed })))
    // What is left of a time limit may be nothing: that is a deadline which has passed.
    .filter(({ option, value }) => option !== 'deadline' || !(value <= 0));

  it.each(cases)('refuse $option = $value before anything runs', async ({ option, value, allowed }) => {
    const { error, calls } = await attemptWith({ [option]: value });
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value, allowed });
    expect((error as Error).message).toBe(`${option} must be ${allowed}, but is ${value}`);
    expect(calls).toBe(0);
  });

  it.each([
    ['maxAttempts', 1.5, 'an integer of at least 1'],
    ['maxAttempts', '5', 'an integer of at least 1'],
    ['baseDelayMs', '5', 'a finite number above 0'],
    ['maxDelayMs', 999, 'a finite number of at least 1000'],
    ['backoffMultiplier', 0.99, 'a finite number of at least 1'],
    ['jitter', 'some', 'a boolean or one of full, equal, decorrelated, none'],
    ['jitter', 1, 'a boolean or one of full, equal, decorrelated, none'],
    ['retryableErrors', 'ECONNRESET', 'an array of codes or a predicate'],
    ['retryableErrors', [40001], 'an array of codes or a predicate'],
    ['retryableErrors', ['40001', undefined], 'an array of codes or a predicate'],
    ['retryableErrors', { 0: '40001' }, 'an array of codes or a predicate'],
    ['signal', {}, 'an AbortSignal'],
    ['deadline', null, 'a Deadline, or milliseconds above 0'],
    ['deadline', '5', 'a Deadline, or milliseconds above 0'],
    ['deadline', Date.UTC(2030, 0), 'a finite number above 0 and of at most 2147483647'],
  ])('refuse %s = %p', async (option, value, allowed) => {
    const { error, calls } = await attemptWith({ [option]: value });
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value, allowed });
    expect(calls).toBe(0);
  });

  const levels = 'an object with debug, info, warn, error';
  it.each<[string, unknown, string]>([
    ['clock', {}, 'a Clock with nowMs and schedule'],
    ['clock', Date, 'a Clock with nowMs and schedule'],
    ['clock', null, 'a Clock with nowMs and schedule'],
    ['clock', { nowMs: () => 0 }, 'a Clock with nowMs and schedule'],
    ['clock', { schedule: () => {} }, 'a Clock with nowMs and schedule'],
    ['logger', {}, levels],
    ['logger', null, levels],
    ['logger', 'console', levels],
    ['logger', { debug: () => {}, info: () => {}, warn: () => {} }, levels],
    ['random', 0.5, 'a function'],
    ['backoff', 100, 'exponential(), constant(), iterable() or a Backoff of your own'],
    ['backoff', null, 'exponential(), constant(), iterable() or a Backoff of your own'],
    ['backoff', constant, 'exponential(), constant(), iterable() or a Backoff of your own'],
    ['backoff', { drawDelayMs: () => 1 }, 'exponential(), constant(), iterable() or a Backoff of your own'],
    [
      'backoff',
      { drawSlowDelayMs: () => 1 },
      'exponential(), constant(), iterable() or a Backoff of your own',
    ],
  ])('refuse %s = %p when the policy is made', (option, value, allowed) => {
    const error = thrownBy(() => retry({ [option]: value }));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value, allowed });
  });

  it.each([
    ['baseDelayMs', 10],
    ['maxDelayMs', 10],
    ['backoffMultiplier', 1],
    ['jitter', false],
  ])('refuse %s beside a backoff, which would ignore it', (option, value) => {
    const error = thrownBy(() => retry({ backoff: constant(10), [option]: value }));
    expect(error).toMatchObject({ option, value, allowed: 'left out when backoff is given' });
  });

  it('take a backoff beside shapes that are undefined', () => {
    expect(() => retry({ backoff: constant(10), jitter: undefined, baseDelayMs: undefined })).not.toThrow();
  });

  it('refuse a name that nobody reads', () => {
    const error = thrownBy(() => retry({ maxRetries: 3 } as RetryOptions));
    expect(error).toMatchObject({
      option: 'retry option',
      value: 'maxRetries',
      allowed:
        'one of maxAttempts, backoff, retryableErrors, budget, logger, clock, random, baseDelayMs, maxDelayMs, backoffMultiplier, jitter',
    });
  });

  it.each([null, 'fast', 5, [], () => {}])('refuse %p for options', (options) => {
    const error = thrownBy(() => retry(options as unknown as RetryOptions));
    expect(error).toMatchObject({ option: 'retry options', value: options, allowed: 'an object' });
  });

  it('take an undefined value for one that was not given', async () => {
    const { calls } = await attemptWith({ maxAttempts: undefined, jitter: undefined, deadline: undefined });
    expect(calls).toBe(1);
  });

  it('are 5 attempts with waits of 1 s doubling to 30 s unless told otherwise', () => {
    expect(RETRY_DEFAULTS).toEqual({
      maxAttempts: 5,
      baseDelayMs: 1000,
      maxDelayMs: 30_000,
      backoffMultiplier: 2,
    });
    expect(Object.isFrozen(RETRY_DEFAULTS)).toBe(true);
  });

  it('are refused as a rejection by the call of a policy, never synchronously', async () => {
    const call = retry(context).execute('no function' as never);
    await expect(call).rejects.toMatchObject({ code: 'INVALID_OPTION', option: 'operation' });
  });
});

describe('the longest wait by default', () => {
  it('gives way to a longer first wait', async () => {
    const clock = fakeClock();
    const policy = retry({ clock, baseDelayMs: 60_000, jitter: false, maxAttempts: 3 });
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    await clock.runUntilSettled(policy.execute(() => Promise.reject(refused))).catch(() => {});
    expect(clock.nowMs()).toBe(60_000 + 60_000);
  });
});
