import { thrownBy } from '../test/breaker-calls';
import { type GradientOptions, gradient } from './gradient';
import type { LimitTracker } from './limit-rule';

/** Lets as many operations end as ran at once, each after that long. Answers the limit after the last of them. */
function endRound(tracker: LimitTracker, latencyMs: number, limit: number, active = 10): number {
  let next = limit;
  for (let ended = 0; ended < active; ended++) {
    next = tracker.record({ latencyMs, active, isOverload: false }, limit);
  }
  return next;
}

/** A tracker to which operations have taken that long for so many rounds. */
function usedTo(latencyMs: number, rounds: number, options?: GradientOptions): LimitTracker {
  const tracker = gradient(options).createTracker();
  for (let round = 0; round < rounds; round++) endRound(tracker, latencyMs, 16);
  return tracker;
}

/** Shows what a tracker takes for the usual latency: nothing is smoothed or tolerated. */
const exact: GradientOptions = { tolerance: 1, smoothing: 1 };

describe('gradient', () => {
  it('grows by a fifth of its square root for each round that takes as long as ever', () => {
    expect(endRound(usedTo(10, 5), 10, 16)).toBeCloseTo(16 * 0.8 + (16 + 4) * 0.2, 10);
  });

  it('takes one step for each round: with the last of as many operations as ran at once', () => {
    const tracker = usedTo(10, 5);
    const limits = [10, 9, 10, 11, 8, 7, 6, 5, 4, 3, 2, 1].map((active) =>
      tracker.record({ latencyMs: 10, active, isOverload: false }, 16),
    );
    expect(limits.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 16));
    expect(limits[10]).toBeCloseTo(16.8, 10);
    expect(limits[11]).toBe(16);
  });

  it('tolerates half as long again as usual', () => {
    // The mean of ten rounds of 10 ms and one of 15 is a little more than 10, so that 15 lies within.
    expect(endRound(usedTo(10, 10), 15, 16)).toBeCloseTo(16.8, 10);
    expect(endRound(usedTo(10, 10), 15.1, 16)).toBeLessThan(16.8);
  });

  it('shrinks with the ratio of the usual latency to the present one', () => {
    // Usual is now the mean, (10 + 40) / 2 = 25; the ratio 1.5 × 25 / 40 = 0.9375; the target 16 × 0.9375 + 4 = 19.
    expect(endRound(usedTo(10, 1), 40, 16)).toBeCloseTo(16 * 0.8 + 19 * 0.2, 10);
  });

  it('takes the mean of a round for its latency', () => {
    const tracker = usedTo(10, 10, exact);
    for (const latencyMs of [11, 13]) tracker.record({ latencyMs, active: 3, isOverload: false }, 6);
    const usualMs = 10 + (12 - 10) * (2 / 601);
    expect(tracker.record({ latencyMs: 12, active: 3, isOverload: false }, 6)).toBeCloseTo(
      6 * (usualMs / 12) + Math.sqrt(6),
      10,
    );
  });

  it('shrinks by no more than half in one round, however long it took', () => {
    expect(endRound(usedTo(10, 9), 1e9, 16)).toBeCloseTo(16 * 0.8 + 12 * 0.2, 10);
    expect(endRound(usedTo(10, 300), 1e4, 16)).toBeCloseTo(16 * 0.8 + 12 * 0.2, 10);
  });

  it.each([0, 1, 2])('shrinks by half, without growth, when operation %p of a round was overload', (bad) => {
    const tracker = usedTo(10, 5);
    const limits = [0, 1, 2].map((at) =>
      tracker.record({ latencyMs: 10, active: 3, isOverload: at === bad }, 16),
    );
    expect(limits.slice(0, 2)).toEqual([16, 16]);
    expect(limits[2]).toBeCloseTo(16 * 0.8 + 8 * 0.2, 10);
  });

  it('does not learn from overload what is usual', () => {
    const tracker = usedTo(10, 10, exact);
    for (let round = 0; round < 50; round++) {
      tracker.record({ latencyMs: 1e6, active: 1, isOverload: true }, 16);
    }
    const usualMs = 10 + (12 - 10) * (2 / 601);
    expect(endRound(tracker, 12, 16)).toBeCloseTo(16 * (usualMs / 12) + 4, 10);

    const mixed = usedTo(10, 10, exact);
    mixed.record({ latencyMs: 1e6, active: 2, isOverload: true }, 16);
    mixed.record({ latencyMs: 10, active: 2, isOverload: false }, 16);
    expect(endRound(mixed, 12, 16)).toBeCloseTo(16 * (usualMs / 12) + 4, 10);
  });

  it('keeps a limit of which less than half is used', () => {
    const tracker = usedTo(10, 5);
    expect(endRound(tracker, 10, 16, 7)).toBe(16);
    expect(endRound(tracker, 10, 16, 8)).toBeCloseTo(16.8, 10);
  });

  it('learns what is usual from rounds in which little ran', () => {
    const tracker = gradient(exact).createTracker();
    for (let round = 0; round < 5; round++) endRound(tracker, 10, 16, 1);
    // The sixth: (5 × 10 + 16) / 6 = 11.
    expect(endRound(tracker, 16, 16)).toBeCloseTo(16 * (11 / 16) + 4, 10);
  });

  it('takes the plain mean of ten rounds for usual, and then lets each new one weigh 2 in 601', () => {
    // The tenth: (9 × 10 + 20) / 10 = 11.
    expect(endRound(usedTo(10, 9, exact), 20, 16)).toBeCloseTo(16 * (11 / 20) + 4, 10);
    const usualMs = 10 + (12 - 10) * (2 / 601);
    expect(endRound(usedTo(10, 10, exact), 12, 16)).toBeCloseTo(16 * (usualMs / 12) + 4, 10);
  });

  it.each([
    [10, (100 - 90 * (2 / 601)) * 0.95],
    // Not more than twice as slow as the present.
    [60, 100 - 40 * (2 / 601)],
  ])(
    'forgets a past of 100 ms beside a present of %p faster than it was learnt, if it is far behind',
    (presentMs, usualMs) => {
      const tracker = usedTo(100, 10, exact);
      endRound(tracker, presentMs, 16);
      const nextMs = usualMs + (150 - usualMs) * (2 / 601);
      expect(endRound(tracker, 150, 16)).toBeCloseTo(16 * (nextMs / 150) + 4, 10);
    },
  );

  it('takes operations that took no time for as fast as usual', () => {
    expect(endRound(usedTo(0, 1), 0, 16)).toBeCloseTo(16.8, 10);
    expect(endRound(usedTo(10, 1), 0, 16)).toBeCloseTo(16.8, 10);
  });

  it('smooths as much as it is told', () => {
    expect(endRound(usedTo(10, 5, { smoothing: 1 }), 10, 16)).toBe(20);
    expect(endRound(usedTo(10, 5, { smoothing: 0.5 }), 10, 16)).toBe(18);
  });

  it('keeps what it has learnt of one dependency from others that follow the same rule', () => {
    const rule = gradient(exact);
    const [one, other] = [rule.createTracker(), rule.createTracker()];
    for (let round = 0; round < 10; round++) endRound(one, 1, 16);
    expect(endRound(other, 100, 16)).toBe(20);
  });

  it.each([
    ['tolerance', 0.99, 'a finite number of at least 1'],
    ['tolerance', Number.NaN, 'a finite number of at least 1'],
    ['smoothing', 0, 'a finite number above 0 and of at most 1'],
    ['smoothing', 1.01, 'a finite number above 0 and of at most 1'],
  ])('refuses %s = %p', (option, value, allowed) => {
    expect(thrownBy(() => gradient({ [option]: value }))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
      value,
      allowed,
    });
  });

  it('refuses an option that nobody reads', () => {
    expect(thrownBy(() => gradient({ tolerence: 2 } as GradientOptions))).toMatchObject({
      option: 'gradient option',
      value: 'tolerence',
      allowed: 'one of tolerance, smoothing',
    });
  });
});
