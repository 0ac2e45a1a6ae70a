import { createRandom } from '../../proof/random';
import { readInterval } from './interval';

describe('the interval of paired ratios', () => {
  it('is the ratio itself where every round finds the same, however long the round took', () => {
    const one = [1, 10, 3, 7, 2, 5];
    const interval = readInterval(
      one,
      one.map((figure) => 2 * figure),
    );
    expect(interval.pairs).toBe(6);
    for (const bound of [interval.ratio, interval.lower, interval.upper]) expect(bound).toBeCloseTo(0.5, 10);
  });

  it('is that of signed ranks: of six pairs all, of ten all but the eight outermost means', () => {
    const powers = (count: number): number[] => Array.from({ length: count }, (_, at) => 2 ** at);
    const ones = Array.from({ length: 10 }, () => 1);
    const { ratio, lower, upper } = readInterval(powers(6), ones);
    expect([ratio, lower, upper].map((bound) => Math.log2(bound ?? Number.NaN))).toEqual(
      [2.5, 0, 5].map(nearly),
    );
    // The means of 0 … 9, in their order: 0, ½, 1, 1, 1½, 1½, 2, 2, 2 …; the table of Wilcoxon has 8 for ten.
    const ten = readInterval(powers(10), ones);
    expect([ten.lower, ten.upper].map((bound) => Math.log2(bound ?? Number.NaN))).toEqual([2, 7].map(nearly));
  });

  it('is hardly moved by a round in which only one of them was slowed down', () => {
    const steady = Array.from({ length: 20 }, (_, at) => 1 + (at % 5) / 100);
    const { ratio, upper } = readInterval([...steady.slice(1), 50], steady);
    expect(ratio).toBeLessThan(1.02);
    expect(upper).toBeLessThan(1.03);
  });

  it('leaves out the rounds in which one of them took no part', () => {
    expect(readInterval([1, undefined, 3], [2, 1, 6, 9])).toEqual(readInterval([1, 3], [2, 6]));
  });

  it('says nothing of where a ratio lies that was found five times', () => {
    expect(readInterval([1, 1, 1, 1, 1], [2, 2, 2, 2, 2])).toMatchObject({
      lower: null,
      upper: null,
      pairs: 5,
    });
  });

  it.each([6, 12, 30])('holds what is true 95 times of a hundred or more, of %i rounds', (rounds) => {
    const random = createRandom(1, `coverage of ${rounds}`);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const draw = (): number[] => Array.from({ length: rounds }, () => Math.exp(0.2 * normal()));
    const trials = 2_000;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const { lower, upper } = readInterval(draw(), draw());
      if (lower !== null && upper !== null && lower <= 1 && upper >= 1) held += 1;
    }
    // Of six pairs all is the only interval, and holds what is true 97 times of a hundred.
    expect(held / trials).toBeGreaterThan(0.94);
    expect(held / trials).toBeLessThan(0.98);
  });
});

function nearly(figure: number): unknown {
  return expect.closeTo(figure, 8);
}
