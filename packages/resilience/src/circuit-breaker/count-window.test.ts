import { type CountWindowOptions, countWindow } from './count-window';
import type { CallOutcome, Tally } from './trip-rule';

const OUTCOMES: Readonly<Record<string, CallOutcome>> = {
  '.': { isFailure: false, isSlow: false },
  F: { isFailure: true, isSlow: false },
  S: { isFailure: false, isSlow: true },
  B: { isFailure: true, isSlow: true },
};

/** Records one call for each letter, and answers what was said to each: `|` where the circuit opens. */
function record(tally: Tally, letters: string): string {
  return [...letters]
    .map((letter) => (tally.record(OUTCOMES[letter] as CallOutcome, 0) ? '|' : '-'))
    .join('');
}

function create(options: CountWindowOptions): Tally {
  return countWindow(options).createTally();
}

describe('a count window', () => {
  it('opens at the ratio of the last calls', () => {
    expect(record(create({ size: 4, minimumThroughput: 4 }), '....FF')).toBe('-----|');
  });

  it('forgets the oldest call with each new one', () => {
    expect(record(create({ size: 3, minimumThroughput: 3 }), 'F..F..F..F')).toBe('----------');
    expect(record(create({ size: 3, minimumThroughput: 3 }), 'F.F')).toBe('--|');
  });

  it('forgets slow calls with the rest', () => {
    const options = { size: 3, minimumThroughput: 3, slowCallRatio: 0.6 };
    expect(record(create(options), 'S..S..S..S.S')).toBe('-----------|');
  });

  it('counts a call that is slow and fails as both', () => {
    const tally = create({ size: 4, minimumThroughput: 4, slowCallRatio: 0.5, failureRatio: 1 });
    expect(record(tally, 'B..B')).toBe('---|');
    expect(tally.read(0)).toEqual({ calls: 4, failures: 2 });
  });

  it('is not asked below the minimum throughput', () => {
    expect(record(create({ size: 5, minimumThroughput: 3 }), 'FFF')).toBe('--|');
  });

  it('looks at the last 100 calls from 20 on when it was told nothing', () => {
    const tally = create({});
    expect(record(tally, 'F'.repeat(20))).toBe(`${'-'.repeat(19)}|`);
    record(tally, '.'.repeat(80));
    expect(tally.read(0)).toEqual({ calls: 100, failures: 20 });
    record(tally, '.');
    expect(tally.read(0)).toEqual({ calls: 100, failures: 19 });
  });

  it('is full with fewer than 20 calls when it is smaller', () => {
    expect(record(create({ size: 3 }), 'FFF')).toBe('--|');
  });

  it('needs the minimum it was told even where 20 would fit', () => {
    expect(record(create({ size: 50, minimumThroughput: 22 }), 'F'.repeat(22))).toBe(`${'-'.repeat(21)}|`);
  });

  it('exports the calls oldest first, whatever the place of the ring', () => {
    const tally = create({ size: 3 });
    for (const [letter, counts] of [
      ['.', [0]],
      ['F', [0, 1]],
      ['S', [0, 1, 2]],
      ['B', [1, 2, 3]],
      ['.', [2, 3, 0]],
      ['.', [3, 0, 0]],
      ['F', [0, 0, 1]],
    ] as const) {
      record(tally, letter);
      expect(tally.exportCounts(0)).toEqual({ rule: 'countWindow', counts });
    }
  });

  it('does not forget by time', () => {
    const tally = create({ size: 4, minimumThroughput: 2 });
    tally.record({ isFailure: true, isSlow: false }, 0);
    expect(tally.record({ isFailure: true, isSlow: false }, 86_400_000)).toBe(true);
  });

  it('restores what it exported, slow calls included', () => {
    const tally = create({ size: 4, minimumThroughput: 4, slowCallRatio: 0.75 });
    expect(tally.restoreCounts({ rule: 'countWindow', counts: [2, 3, 0] }, 0)).toBe(true);
    expect(tally.read(0)).toEqual({ calls: 3, failures: 1 });
    expect(record(tally, 'S')).toBe('|');
  });
});
