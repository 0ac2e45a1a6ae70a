import { systemClock } from '../clock/clock';
import { fakeClock } from '../clock/fake-clock';
import { recordLines, thrownBy } from '../test/breaker-calls';
import { InvalidOptionError, requireNumber } from './invalid-option-error';
import {
  requireClock,
  requireFunction,
  requireKnownOptions,
  requireLogger,
  requireName,
} from './require-option';

describe('options', () => {
  it.each([{}, { a: 1 }, { a: undefined, b: null }, Object.create(null)])(
    'that are known are taken: %j',
    (options) => {
      expect(() => requireKnownOptions('retry', options, ['a', 'b'])).not.toThrow();
    },
  );

  it('that nobody reads are refused by name, with those there are', () => {
    const error = thrownBy(() => requireKnownOptions('retry', { a: 1, maxRetries: 3, c: 4 }, ['a', 'b']));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({
      name: 'InvalidOptionError',
      code: 'INVALID_OPTION',
      option: 'retry option',
      value: 'maxRetries',
      allowed: 'one of a, b',
      message: 'retry option must be one of a, b, but is "maxRetries"',
    });
  });

  it('that are undefined are refused by name all the same', () => {
    expect(thrownBy(() => requireKnownOptions('retry', { c: undefined }, ['a']))).toMatchObject({
      value: 'c',
    });
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['fast', '"fast"'],
    [5, '5'],
    [[], 'an array'],
  ])('that are %p are none', (options, rendered) => {
    const error = thrownBy(() => requireKnownOptions('retry', options, ['a']));
    expect(error).toMatchObject({ option: 'retry options', value: options, allowed: 'an object' });
    expect((error as Error).message).toBe(`retry options must be an object, but is ${rendered}`);
  });
});

describe('an option that is left out', () => {
  it('is not looked at', () => {
    expect(() => requireFunction('random', undefined)).not.toThrow();
    expect(() => requireClock(undefined)).not.toThrow();
    expect(() => requireLogger(undefined)).not.toThrow();
    expect(() => requireName(undefined)).not.toThrow();
  });
});

describe('an option of its kind', () => {
  it('is taken', () => {
    expect(() => requireFunction('random', Math.random)).not.toThrow();
    expect(() => requireClock(systemClock)).not.toThrow();
    expect(() => requireClock(fakeClock())).not.toThrow();
    expect(() => requireLogger(recordLines().logger)).not.toThrow();
    expect(() => requireLogger(console)).not.toThrow();
    expect(() => requireName('a')).not.toThrow();
    expect(() => requireName('a'.repeat(100))).not.toThrow();
  });

  it.each(['debug', 'info', 'warn', 'error'])('is no logger without %s', (level) => {
    const logger = { ...recordLines().logger, [level]: undefined };
    expect(thrownBy(() => requireLogger(logger))).toMatchObject({
      option: 'logger',
      value: logger,
      allowed: 'an object with debug, info, warn, error',
    });
  });

  it.each(['', 'a'.repeat(101), 5, null, {}])('is no name when it is %p', (name) => {
    expect(thrownBy(() => requireName(name))).toMatchObject({
      option: 'name',
      value: name,
      allowed: 'a text of 1 to 100 characters',
    });
  });
});

describe('a number', () => {
  it.each([
    [{ min: 1 }, 1, 0.999, 'a finite number of at least 1'],
    [{ above: 1 }, 1.001, 1, 'a finite number above 1'],
    [{ max: 1 }, 1, 1.001, 'a finite number of at most 1'],
    [{ below: 1 }, 0.999, 1, 'a finite number below 1'],
    [{ integer: true }, 7, 7.5, 'an integer'],
    [{}, -1e300, Number.NaN, 'a finite number'],
    [{}, 0, Number.POSITIVE_INFINITY, 'a finite number'],
    [{}, 0, Number.NEGATIVE_INFINITY, 'a finite number'],
    [{}, 0, '0', 'a finite number'],
    [{}, 0, 5n, 'a finite number'],
    [{ integer: true, min: 1, max: 9 }, 9, 10, 'an integer of at least 1 and of at most 9'],
    [{ above: 0, below: 1 }, 0.5, 1, 'a finite number above 0 and below 1'],
  ])('within %j: %p is, %p is not', (range, inside, outside, allowed) => {
    expect(requireNumber('size', inside, range)).toBe(inside);
    const error = thrownBy(() => requireNumber('size', outside, range));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'size', value: outside, allowed });
  });

  it.each<[unknown, string]>([
    ['x'.repeat(61), `"${'x'.repeat(60)}"`],
    [null, 'null'],
    [{ password: 'secret' }, 'an object'],
    [['secret'], 'an array'],
    [Symbol('s'), 'Symbol(s)'],
  ])('that is %p is shown as little of as helps', (value, rendered) => {
    const error = thrownBy(() => requireNumber('size', value, {}));
    expect((error as Error).message).toBe(`size must be a finite number, but is ${rendered}`);
  });
});
