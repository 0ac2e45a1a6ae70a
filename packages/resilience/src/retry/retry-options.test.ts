import { FakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import type { RetryOptions } from './retry-options';
import { retryWithBackoff } from './retry-with-backoff';

const context = { clock: new FakeClock() };

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
  const numeric = ['maxAttempts', 'baseDelayMs', 'maxDelayMs', 'backoffMultiplier', 'deadline'] as const;
  const refused = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5'];
  const cases = numeric.flatMap((option) => refused.map((value) => ({ option, value })));

  it.each(cases)('refuse $option = $value before anything runs', async ({ option, value }) => {
    const { error, calls } = await attemptWith({ [option]: value });
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value });
    expect((error as Error).message).toContain(option);
    expect(calls).toBe(0);
  });

  it.each([
    ['maxAttempts', 1.5],
    ['jitter', 'some'],
    ['maxDelayMs', 999],
    ['retryableErrors', 'ECONNRESET'],
    ['retryableErrors', [40001]],
    ['signal', {}],
    ['deadline', null],
    ['deadline', Date.UTC(2030, 0)],
  ])('refuse %s = %p', async (option, value) => {
    const { error, calls } = await attemptWith({ [option]: value });
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value });
    expect(calls).toBe(0);
  });

  it('take an undefined value for one that was not given', async () => {
    const { calls } = await attemptWith({ maxAttempts: undefined, jitter: undefined, deadline: undefined });
    expect(calls).toBe(1);
  });
});
