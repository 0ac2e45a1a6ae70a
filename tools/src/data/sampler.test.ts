import { createRandom } from '../proof/random';
import {
  createNameSampler,
  createSampler,
  createShareSampler,
  drawExponentialUpTo,
  drawNormal,
  listZipfWeights,
} from './sampler';

const DRAWS = 100_000;

function countDraws(sampler: () => number, length: number): readonly number[] {
  const counts = new Array<number>(length).fill(0);
  for (let draw = 0; draw < DRAWS; draw++) {
    const at = sampler();
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

describe('a sampler', () => {
  it.each([
    ['even weights', [1, 1, 1, 1]],
    ['uneven weights that do not add up to 1', [7, 0.5, 2, 0.25, 11]],
    ['one weight', [3]],
    ['weights of which some are 0', [0, 2, 0, 1]],
    ['weights of a law', [...listZipfWeights(9, 1)]],
  ])('draws each place as often as its weight says: %s', (_, weights) => {
    const random = createRandom(1, 'test');
    const sampler = createSampler(weights);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = countDraws(() => sampler(random), weights.length);
    for (const [at, weight] of weights.entries()) {
      expect((counts[at] ?? 0) / DRAWS).toBeCloseTo(weight / total, 2);
      if (weight === 0) expect(counts[at]).toBe(0);
    }
  });

  it.each([[[]], [[0, 0]], [[Number.NaN, 1]]])('refuses weights %p of which none can be drawn', (weights) => {
    expect(() => createSampler(weights)).toThrow(RangeError);
  });

  it('takes one random number for a draw', () => {
    let numbers = 0;
    const sampler = createSampler([1, 2, 3]);
    sampler(() => ++numbers / 10);
    expect(numbers).toBe(1);
  });
});

it('draws the names of shares, and of a list by their rank', () => {
  const random = createRandom(1, 'test');
  const drawShare = createShareSampler({ common: 0.9, rare: 0.1 });
  const drawName = createNameSampler(['first', 'second'], 1);
  let [common, first] = [0, 0];
  for (let draw = 0; draw < DRAWS; draw++) {
    if (drawShare(random) === 'common') common += 1;
    if (drawName(random) === 'first') first += 1;
  }
  expect(common / DRAWS).toBeCloseTo(0.9, 2);
  expect(first / DRAWS).toBeCloseTo(2 / 3, 2);
});

it('draws times that are never beyond their limit, and of the mean where the limit is far', () => {
  const random = createRandom(1, 'test');
  const near = Array.from({ length: 1_000 }, () => drawExponentialUpTo(3, 60, random));
  expect(Math.max(...near)).toBeLessThanOrEqual(3);
  const far = Array.from({ length: DRAWS }, () => drawExponentialUpTo(1e9, 60, random));
  expect(far.reduce((sum, value) => sum + value, 0) / DRAWS / 60).toBeCloseTo(1, 1);
});

it('draws deviations of mean 0 and deviation 1', () => {
  const random = createRandom(1, 'test');
  const draws = Array.from({ length: DRAWS }, () => drawNormal(random));
  expect(draws.reduce((sum, value) => sum + value, 0) / DRAWS).toBeCloseTo(0, 1);
  expect(draws.reduce((sum, value) => sum + value ** 2, 0) / DRAWS).toBeCloseTo(1, 1);
});
