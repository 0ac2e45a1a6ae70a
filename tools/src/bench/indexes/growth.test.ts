import { fitExponent, readPercentile } from './growth';

const SCALES = [10_000, 100_000, 1_000_000];
const fit = (cost: (events: number) => number) =>
  fitExponent(SCALES.map((events) => ({ events, value: cost(events) })));

describe('the growth of a cost', () => {
  it('is 0 for one that stays, 1 for one that is proportional, 2 for one that is quadratic', () => {
    expect(fit(() => 24)).toBeCloseTo(0);
    expect(fit((events) => events / 12)).toBeCloseTo(1);
    expect(fit((events) => events ** 2)).toBeCloseTo(2);
  });

  it('is near 0 for the depth of a tree', () => {
    expect(fit((events) => Math.log(events))).toBeLessThan(0.1);
  });

  it('is nothing where there is one scale, or no value', () => {
    expect(fitExponent([{ events: 1000, value: 4 }])).toBeNull();
    expect(fitExponent([])).toBeNull();
    expect(fit(() => 0)).toBeNull();
  });
});

describe('a percentile', () => {
  it('is a sample, the largest one where there are few', () => {
    expect(readPercentile([3, 1, 2], 0.99)).toBe(3);
    expect(readPercentile([3, 1, 2, 4], 0.5)).toBe(2);
    expect(
      readPercentile(
        Array.from({ length: 200 }, (_, at) => at + 1),
        0.99,
      ),
    ).toBe(198);
  });
});
