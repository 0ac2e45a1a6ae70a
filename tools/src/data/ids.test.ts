import { validate, version } from 'uuid';
import { createIdSeed, drawAt, renderId } from './ids';

const SEED = createIdSeed(1, 'test');
const TIME_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

describe('the id of a row', () => {
  it('is a UUID of version 7 that begins with its time', () => {
    for (let number = 0; number < 100; number++) {
      const id = renderId(SEED, number, TIME_MS);
      expect(validate(id)).toBe(true);
      expect(version(id)).toBe(7);
      expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(TIME_MS);
    }
  });

  it('is always the same one, and another one for another number, kind or seed', () => {
    const id = renderId(SEED, 5, TIME_MS);
    expect(renderId(createIdSeed(1, 'test'), 5, TIME_MS)).toBe(id);
    expect(renderId(SEED, 6, TIME_MS)).not.toBe(id);
    expect(renderId(createIdSeed(1, 'other'), 5, TIME_MS)).not.toBe(id);
    expect(renderId(createIdSeed(2, 'test'), 5, TIME_MS)).not.toBe(id);
  });

  it('is shared by no other row of one time', () => {
    const ids = new Set(Array.from({ length: 200_000 }, (_, number) => renderId(SEED, number, TIME_MS)));
    expect(ids.size).toBe(200_000);
  });
});

it('gives every row a number of its own, evenly from [0, 1)', () => {
  const numbers = Array.from({ length: 100_000 }, (_, number) => drawAt(SEED, number));
  expect(Math.min(...numbers.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers.slice(0, 50_000))).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
    expect(share).toBeCloseTo(0.1, 2);
  }
});
