import { MAX_TIMER_MS } from '../clock/clock';
import { fakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { fail, holdCall, recordLines, thrownBy } from '../test/breaker-calls';
import { type CircuitBreakerOptions, readBreakerSettings } from './breaker-options';
import { circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';
import { countWindow } from './count-window';
import { timeWindow } from './time-window';

const DURATION = `a finite number above 0 and of at most ${MAX_TIMER_MS}`;
const RATIO = 'a finite number above 0 and of at most 1';
const COUNT = 'an integer of at least 1';
const NOT_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '5', true, {}, 5n];

/** What each numeric option refuses beside values that are no finite numbers. */
const NUMBERS: readonly (readonly [keyof CircuitBreakerOptions, string, readonly number[]])[] = [
  ['failureRatio', RATIO, [0, -1, 1.01]],
  ['slowCallRatio', RATIO, [0, -1, 1.01]],
  ['minimumThroughput', COUNT, [0, -1, 1.5]],
  ['windowMs', 'a finite number of at least 10', [0, -1, 9.99]],
  ['slowCallMs', DURATION, [0, -1, MAX_TIMER_MS + 1]],
  ['breakMs', DURATION, [0, -1, MAX_TIMER_MS + 1]],
  ['maxBreakMs', `a finite number of at least 5000 and of at most ${MAX_TIMER_MS}`, [0, 4_999, 2 ** 31]],
  ['halfOpenPermits', COUNT, [0, -1, 1.5]],
  ['halfOpenMaxWaitMs', DURATION, [0, -1, MAX_TIMER_MS + 1]],
];
const REFUSED = NUMBERS.flatMap(([option, allowed, values]) =>
  [...values, ...NOT_NUMBERS].map((value) => ({ option, value, allowed })),
);

function refusalOf(options: unknown): unknown {
  return thrownBy(() => circuitBreaker(options as CircuitBreakerOptions));
}

describe('a number out of range', () => {
  it.each(REFUSED)('$option: $value is refused, and the error says what is allowed', (refused) => {
    const { option, value, allowed } = refused;
    const error = refusalOf({ slowCallMs: 100, [option]: value });
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value, allowed });
  });

  it('is one above the limit: the limits themselves are accepted', () => {
    const smallest = {
      failureRatio: Number.MIN_VALUE,
      slowCallRatio: Number.MIN_VALUE,
      minimumThroughput: 1,
      windowMs: 10,
      slowCallMs: Number.MIN_VALUE,
      breakMs: Number.MIN_VALUE,
      maxBreakMs: Number.MIN_VALUE,
      halfOpenPermits: 1,
      halfOpenMaxWaitMs: Number.MIN_VALUE,
    };
    const largest = {
      failureRatio: 1,
      slowCallRatio: 1,
      slowCallMs: MAX_TIMER_MS,
      breakMs: MAX_TIMER_MS,
      maxBreakMs: MAX_TIMER_MS,
      halfOpenMaxWaitMs: MAX_TIMER_MS,
    };
    for (const options of [smallest, largest]) expect(circuitBreaker(options).state).toBe('closed');
  });
});

describe('an option of another kind', () => {
  const { logger } = recordLines();

  it.each([
    ['isFailure', 'ECONNREFUSED', 'a function'],
    ['name', '', 'a text of 1 to 100 characters'],
    ['name', 'x'.repeat(101), 'a text of 1 to 100 characters'],
    ['name', 7, 'a text of 1 to 100 characters'],
    ['clock', {}, 'a Clock with nowMs and schedule'],
    ['clock', { nowMs: Date.now }, 'a Clock with nowMs and schedule'],
    ['logger', { ...logger, debug: undefined }, 'an object with debug, info, warn, error'],
    ['tripRule', {}, 'timeWindow(), countWindow() or consecutiveFailures()'],
    ['tripRule', null, 'timeWindow(), countWindow() or consecutiveFailures()'],
    ['tripRule', consecutiveFailures, 'timeWindow(), countWindow() or consecutiveFailures()'],
  ])('%s: %p is refused', (option, value, allowed) => {
    expect(refusalOf({ [option]: value })).toMatchObject({
      name: 'InvalidOptionError',
      option,
      value,
      allowed,
    });
  });

  it.each([['x'], ['x'.repeat(100)]])('a name of 1 to 100 characters is accepted', (name) => {
    expect(circuitBreaker({ name }).state).toBe('closed');
  });

  it.each([null, [], 'fast', 5])('options that are %p are refused', (options) => {
    expect(refusalOf(options)).toMatchObject({
      option: 'circuitBreaker options',
      value: options,
      allowed: 'an object',
    });
  });
});

describe('an option that nobody reads', () => {
  it.each(['breakMS', 'failureRate', 'threshold', 'size'])(
    '%s is refused, with the names there are',
    (name) => {
      expect(refusalOf({ [name]: 1 })).toMatchObject({
        option: 'circuitBreaker option',
        value: name,
        allowed:
          'one of tripRule, slowCallMs, breakMs, maxBreakMs, halfOpenPermits, halfOpenMaxWaitMs, isFailure, ' +
          'name, logger, clock, windowMs, failureRatio, slowCallRatio, minimumThroughput',
      });
    },
  );
});

describe('options that contradict each other', () => {
  it.each([
    ['windowMs', 1_000],
    ['failureRatio', 0.5],
    ['minimumThroughput', 5],
  ])('a tripRule beside %s is refused, since one of them would be ignored', (option, value) => {
    expect(refusalOf({ tripRule: consecutiveFailures(5), [option]: value })).toMatchObject({
      option,
      value,
      allowed: 'left out when tripRule is given',
    });
  });

  it('a tripRule beside slowCallRatio is refused too', () => {
    const options = { tripRule: consecutiveFailures(5), slowCallMs: 10, slowCallRatio: 0.5 };
    expect(refusalOf(options)).toMatchObject({
      option: 'slowCallRatio',
      value: 0.5,
      allowed: 'left out when tripRule is given',
    });
    expect(circuitBreaker({ ...options, slowCallRatio: undefined }).state).toBe('closed');
  });

  it('a slowCallRatio without slowCallMs is refused: no call would ever be slow', () => {
    expect(refusalOf({ slowCallRatio: 0.5 })).toMatchObject({
      option: 'slowCallRatio',
      value: 0.5,
      allowed: 'given together with slowCallMs',
    });
    expect(circuitBreaker({ slowCallRatio: 0.5, slowCallMs: 100 }).state).toBe('closed');
    expect(circuitBreaker({ slowCallMs: 100 }).state).toBe('closed');
  });

  it('a maxBreakMs below breakMs is refused', () => {
    expect(refusalOf({ breakMs: 100, maxBreakMs: 99 })).toMatchObject({
      option: 'maxBreakMs',
      value: 99,
      allowed: `a finite number of at least 100 and of at most ${MAX_TIMER_MS}`,
    });
  });
});

describe('options that are given as undefined', () => {
  it('mean the defaults', () => {
    const names: readonly (keyof CircuitBreakerOptions)[] = [
      ...NUMBERS.map(([option]) => option),
      'tripRule',
      'isFailure',
      'name',
      'logger',
      'clock',
    ];
    const options = Object.fromEntries(names.map((name) => [name, undefined]));
    const { rule, ...settings } = readBreakerSettings(options);
    const { rule: defaultRule, ...defaults } = readBreakerSettings({});
    expect(settings).toEqual(defaults);
    expect(rule.createTally().exportCounts(0)).toEqual(defaultRule.createTally().exportCounts(0));
  });
});

describe('options that are in range', () => {
  it('reach the window', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, windowMs: 100, failureRatio: 1, minimumThroughput: 2 });
    await fail(breaker);
    await clock.advance(100);
    await fail(breaker);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('reach the breaks and the trials', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({
      clock,
      tripRule: consecutiveFailures(1),
      breakMs: 30,
      maxBreakMs: 50,
      halfOpenPermits: 1,
      halfOpenMaxWaitMs: 7,
    });
    await fail(breaker);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 30 });
    await clock.advance(30);
    holdCall(breaker);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 7 });
    await clock.advance(7);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 50 });
  });
});

describe('the options of a trip rule', () => {
  it.each([
    [() => timeWindow({ windowMs: 9 }), 'windowMs', 9, 'a finite number of at least 10'],
    [() => timeWindow({ failureRatio: 0 }), 'failureRatio', 0, RATIO],
    [() => timeWindow({ slowCallRatio: 2 }), 'slowCallRatio', 2, RATIO],
    [() => timeWindow({ minimumThroughput: 0 }), 'minimumThroughput', 0, COUNT],
    [() => countWindow({ size: 0 }), 'size', 0, 'an integer of at least 1 and of at most 1000000'],
    [() => countWindow({ size: 2.5 }), 'size', 2.5, 'an integer of at least 1 and of at most 1000000'],
    [
      () => countWindow({ size: 1_000_001 }),
      'size',
      1_000_001,
      'an integer of at least 1 and of at most 1000000',
    ],
    [() => countWindow({ failureRatio: 1.5 }), 'failureRatio', 1.5, RATIO],
    [() => countWindow({ size: 5, minimumThroughput: 6 }), 'minimumThroughput', 6, 'at most size, 5'],
    [() => countWindow({ minimumThroughput: 0 }), 'minimumThroughput', 0, COUNT],
    [() => consecutiveFailures(0), 'failures', 0, COUNT],
    [() => consecutiveFailures(2.5), 'failures', 2.5, COUNT],
    [() => consecutiveFailures(Number.POSITIVE_INFINITY), 'failures', Number.POSITIVE_INFINITY, COUNT],
    [
      () => timeWindow({ window: 5 } as object),
      'timeWindow option',
      'window',
      'one of windowMs, failureRatio, slowCallRatio, minimumThroughput',
    ],
    [
      () => countWindow({ windowMs: 5 } as object),
      'countWindow option',
      'windowMs',
      'one of size, failureRatio, slowCallRatio, minimumThroughput',
    ],
    [() => timeWindow([] as object), 'timeWindow options', [], 'an object'],
    [() => countWindow([] as object), 'countWindow options', [], 'an object'],
  ])('%s is refused', (create, option, value, allowed) => {
    expect(thrownBy(create)).toMatchObject({ name: 'InvalidOptionError', option, value, allowed });
  });

  it('are accepted at their limits', () => {
    timeWindow({ windowMs: 10, failureRatio: 1, slowCallRatio: 1, minimumThroughput: 1 });
    countWindow({ size: 1_000_000, minimumThroughput: 1_000_000, failureRatio: 1, slowCallRatio: 1 });
    expect(Object.isFrozen(countWindow({ size: 1 }))).toBe(true);
    expect(Object.isFrozen(timeWindow())).toBe(true);
    expect(Object.isFrozen(consecutiveFailures(1))).toBe(true);
  });
});
