import { createRandom } from '../../proof/random';
import { readInterval } from './interval';

describe('the interval of paired ratios', () => {
  it('is the ratio itself where every round finds the same, however long the round took', () => {
    const interval = readInterval([1, 10, 3], [2, 20, 6]);
    expect(interval.pairs).toBe(3);
    for (const bound of [interval.ratio, interval.lower, interval.upper]) expect(bound).toBeCloseTo(0.5, 10);
  });

  it('is that of the mean of the logarithms, by Student', () => {
    const { ratio, lower, upper } = readInterval([1, 2, 4], [1, 1, 1]);
    expect(ratio).toBeCloseTo(2, 10);
    // ln 2 times 4.303 / √3, to both sides of ln 2.
    expect(lower).toBeCloseTo(2 ** (1 - 4.303 / Math.sqrt(3)), 10);
    expect(upper).toBeCloseTo(2 ** (1 + 4.303 / Math.sqrt(3)), 10);
  });

  it('leaves out the rounds in which one of them took no part', () => {
    expect(readInterval([1, undefined, 3], [2, 1, 6, 9])).toEqual({
      ...readInterval([1, 3], [2, 6]),
      pairs: 2,
    });
  });

  it('says nothing of where a ratio lies that was found once', () => {
    expect(readInterval([1], [2])).toEqual({ ratio: 0.5, lower: null, upper: null, pairs: 1 });
  });

  it.each([5, 30, 60])('holds what is true 95 times of a hundred, of %i rounds', (rounds) => {
    const random = createRandom(1, `coverage of ${rounds}`);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const draw = (): number[] => Array.from({ length: rounds }, () => Math.exp(0.2 * normal()));
    const trials = 4_000;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const { lower, upper } = readInterval(draw(), draw());
      if (lower !== null && upper !== null && lower <= 1 && upper >= 1) held += 1;
    }
    expect(held / trials).toBeGreaterThan(0.94);
    expect(held / trials).toBeLessThan(0.965);
  });
});
