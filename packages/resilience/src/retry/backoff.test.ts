import { MAX_TIMER_MS } from '../clock/clock';
import { constant, type ExponentialOptions, exponential, iterable } from './backoff';

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

  it.each([[[]], [[1, -1]], [['10']], ['10'], [undefined]])('refuses %p', (delaysMs) => {
    expect(() => iterable(delaysMs as number[])).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'delaysMs' }),
    );
  });
});
