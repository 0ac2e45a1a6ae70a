import { MAX_TIMER_MS } from '../clock/clock';
import { constant, EXPONENTIAL_DEFAULTS, type ExponentialOptions, exponential, iterable } from './backoff';

const shape: ExponentialOptions = {
  baseDelayMs: 100,
  maxDelayMs: 1000,
  backoffMultiplier: 2,
  jitter: 'none',
};
const half = () => 0.5;
const draws = (options: ExponentialOptions, retries: number[], random = half) =>
  retries.map((retry) => exponential(options).drawDelayMs(retry, undefined, random));

describe('exponential', () => {
  it('grows by the multiplier up to the maximum', () => {
    expect(draws(shape, [1, 2, 3, 4, 5, 6])).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('lets another multiplier take effect', () => {
    expect(draws({ ...shape, backoffMultiplier: 3 }, [1, 2, 3])).toEqual([100, 300, 900]);
    expect(draws({ ...shape, backoffMultiplier: 3, jitter: 'decorrelated' }, [1])).toEqual([100 + 0.5 * 300]);
  });

  it('takes true for full jitter and false for none', () => {
    expect(draws({ ...shape, jitter: true }, [2])).toEqual([100]);
    expect(draws({ ...shape, jitter: false }, [2])).toEqual([200]);
    expect(draws({ ...shape, jitter: 'full' }, [2], () => 0)).toEqual([0]);
  });

  it('starts decorrelated jitter between the base and three times the base', () => {
    expect(draws({ ...shape, jitter: 'decorrelated' }, [1], () => 0)).toEqual([100]);
    expect(draws({ ...shape, jitter: 'decorrelated' }, [1], () => 1)).toEqual([300]);
  });

  it('draws decorrelated jitter from the previous delay', () => {
    const decorrelated = exponential({ ...shape, jitter: 'decorrelated' });
    expect(decorrelated.drawDelayMs(2, 200, () => 1)).toBe(600);
    expect(decorrelated.drawDelayMs(2, 900, () => 1)).toBe(1000);
  });

  it('never draws decorrelated jitter below the base, whatever it is told of the delay before', () => {
    const decorrelated = exponential({ ...shape, jitter: 'decorrelated' });
    expect(decorrelated.drawDelayMs(2, 0, () => 1)).toBe(100);
    expect(decorrelated.drawDelayMs(2, 10, () => 1)).toBe(100);
    expect(decorrelated.drawDelayMs(2, 50, () => 1)).toBe(150);
  });

  it('keeps 50 to 100 percent of the delay with equal jitter', () => {
    expect(draws({ ...shape, jitter: 'equal' }, [2], () => 0)).toEqual([100]);
    expect(draws({ ...shape, jitter: 'equal' }, [2], () => 1)).toEqual([200]);
  });

  it('never exceeds what a timer can hold, however often it is retried', () => {
    expect(draws({ ...shape, maxDelayMs: Number.MAX_VALUE }, [5000])).toEqual([MAX_TIMER_MS]);
  });

  it('draws slow waits near the maximum', () => {
    expect(exponential(shape).drawSlowDelayMs(half)).toBe(1000);
    expect(exponential({ ...shape, jitter: 'full' }).drawSlowDelayMs(() => 0)).toBe(500);
    expect(exponential({ ...shape, jitter: 'full' }).drawSlowDelayMs(() => 1)).toBe(1000);
    expect(exponential({ ...shape, jitter: 'equal' }).drawSlowDelayMs(() => 0.5)).toBe(750);
    expect(exponential({ ...shape, jitter: 'decorrelated' }).drawSlowDelayMs(() => 0.5)).toBe(750);
  });

  it('asks for one random number a draw, and for none without jitter', () => {
    let asked = 0;
    const random = () => {
      asked += 1;
      return 0.5;
    };
    for (const jitter of ['full', 'equal', 'decorrelated'] as const) {
      exponential({ jitter }).drawDelayMs(1, undefined, random);
      exponential({ jitter }).drawSlowDelayMs(random);
    }
    expect(asked).toBe(6);
    exponential({ jitter: 'none' }).drawDelayMs(1, undefined, random);
    exponential({ jitter: 'none' }).drawSlowDelayMs(random);
    expect(asked).toBe(6);
  });

  it('keeps the same wait with a multiplier of 1', () => {
    expect(draws({ ...shape, backoffMultiplier: 1 }, [1, 2, 9])).toEqual([100, 100, 100]);
  });

  it('takes a maximum that equals the base', () => {
    expect(draws({ ...shape, maxDelayMs: 100 }, [1, 2])).toEqual([100, 100]);
  });

  it('cannot be changed afterwards', () => {
    for (const backoff of [exponential(), constant(1), iterable([1])])
      expect(Object.isFrozen(backoff)).toBe(true);
    expect(Object.isFrozen(EXPONENTIAL_DEFAULTS)).toBe(true);
  });

  it.each([
    ['baseDelayMs', 0, 'a finite number above 0'],
    ['maxDelayMs', 99, 'a finite number of at least 100'],
    ['backoffMultiplier', 0.5, 'a finite number of at least 1'],
    ['jitter', 'half', 'a boolean or one of full, equal, decorrelated, none'],
  ])('refuses %s = %p', (option, value, allowed) => {
    const options = { ...shape, [option]: value } as ExponentialOptions;
    expect(() => exponential(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option, value, allowed }),
    );
  });

  it('refuses an option that nobody reads', () => {
    expect(() => exponential({ exponent: 3 } as ExponentialOptions)).toThrow(
      expect.objectContaining({
        option: 'exponential option',
        value: 'exponent',
        allowed: 'one of baseDelayMs, maxDelayMs, backoffMultiplier, jitter',
      }),
    );
  });

  it('waits 1, 2, 4 and up to 30 seconds unless told otherwise', () => {
    expect(draws({ jitter: false }, [1, 2, 3, 6])).toEqual([1000, 2000, 4000, 30_000]);
    expect(draws({ jitter: false, baseDelayMs: 40_000 }, [1, 2])).toEqual([40_000, 40_000]);
  });
});

describe('constant', () => {
  it('waits the same every time', () => {
    const backoff = constant(70);
    expect([1, 2, 9].map((retry) => backoff.drawDelayMs(retry, undefined, half))).toEqual([70, 70, 70]);
    expect(backoff.drawSlowDelayMs(half)).toBe(70);
    expect(constant(0).drawDelayMs(1, undefined, half)).toBe(0);
    expect(constant(1e12).drawDelayMs(1, undefined, half)).toBe(MAX_TIMER_MS);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %p', (delayMs) => {
    expect(() => constant(delayMs)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'delayMs' }),
    );
  });
});

describe('iterable', () => {
  it('waits as listed, and repeats the last', () => {
    const backoff = iterable(new Set([10, 50, 20]));
    expect([1, 2, 3, 4].map((retry) => backoff.drawDelayMs(retry, undefined, half))).toEqual([
      10, 50, 20, 20,
    ]);
    expect(backoff.drawSlowDelayMs(half)).toBe(50);
    expect(iterable([Number.MAX_VALUE]).drawDelayMs(1, undefined, half)).toBe(MAX_TIMER_MS);
  });

  it('closes a generator that never ends, and refuses it', () => {
    let isClosed = false;
    function* endless() {
      try {
        for (;;) yield 1;
      } finally {
        isClosed = true;
      }
    }
    expect(() => iterable(endless())).toThrow('1 to 1000 delays');
    expect(isClosed).toBe(true);
  });

  it('takes up to 1000 delays', () => {
    const backoff = iterable(Array.from({ length: 1000 }, (_, at) => at));
    expect(backoff.drawDelayMs(1000, undefined, half)).toBe(999);
    expect(() => iterable(Array.from({ length: 1001 }, () => 1))).toThrow(
      expect.objectContaining({ option: 'delaysMs', allowed: '1 to 1000 delays in milliseconds' }),
    );
  });

  it('reads its list once: a list that is changed later changes nothing', () => {
    const delaysMs = [10, 20];
    const backoff = iterable(delaysMs);
    delaysMs[0] = 99;
    expect(backoff.drawDelayMs(1, undefined, half)).toBe(10);
  });

  it.each([[[]], [[1, -1]], [['10']], ['10'], [undefined]])('refuses %p', (delaysMs) => {
    expect(() => iterable(delaysMs as number[])).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'delaysMs' }),
    );
  });
});
