import { fakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { isRejected } from '../errors/rejected-error';
import { type TimeoutOptions, timeout } from './timeout';
import { TimeoutError } from './timeout-error';

/** What making a timeout throws. */
function refusal(options: unknown): InvalidOptionError {
  try {
    timeout(options as TimeoutOptions);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('the options of a timeout', () => {
  it.each<TimeoutOptions>([
    { timeoutMs: 0.5 },
    { timeoutMs: 2 ** 31 - 1, mode: undefined, clock: undefined },
    { timeoutMs: 1, mode: 'abandon', clock: fakeClock() },
    { timeoutMs: 1, mode: 'cooperate' },
  ])('accept %j', async (options) => {
    await expect(timeout(options).execute(() => 'run')).resolves.toBe('run');
  });

  it.each([0, -1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY, '100', undefined])(
    'refuse %p as timeoutMs',
    (timeoutMs) => {
      expect(refusal({ timeoutMs })).toMatchObject({
        option: 'timeoutMs',
        value: timeoutMs,
        allowed: 'a finite number above 0 and of at most 2147483647',
      });
    },
  );

  it.each(['aggressive', null, true])('refuse %p as mode', (mode) => {
    expect(refusal({ timeoutMs: 1, mode })).toMatchObject({
      option: 'mode',
      value: mode,
      allowed: 'one of abandon, cooperate',
    });
  });

  it('refuse what is no clock', () => {
    expect(refusal({ timeoutMs: 1, clock: {} })).toMatchObject({ option: 'clock' });
  });

  it.each([undefined, null, 100])('refuse %p in their own place', (options) => {
    expect(refusal(options)).toMatchObject({ option: 'timeout options', allowed: 'an object' });
  });

  it('refuse a name that nobody reads', () => {
    expect(refusal({ timeoutMs: 1, timeout: 5 })).toMatchObject({
      option: 'timeout option',
      value: 'timeout',
      allowed: 'one of timeoutMs, mode, clock',
    });
  });

  it('refuse a listener of an event that there is not', () => {
    const policy = timeout({ timeoutMs: 1 });
    expect(() => policy.on('expired' as 'timeout', () => {})).toThrow(
      'event must be one of timeout, but is "expired"',
    );
  });
});

describe('a timeout error', () => {
  it('is no refusal: the operation was run', () => {
    expect(isRejected(new TimeoutError(5))).toBe(false);
  });
});
