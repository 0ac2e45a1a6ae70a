import { type TimeWindowOptions, timeWindow } from './time-window';
import type { Tally } from './trip-rule';

const SUCCESS = { isFailure: false, isSlow: false };
const FAILURE = { isFailure: true, isSlow: false };
const SLOW = { isFailure: false, isSlow: true };

/** Records the outcome so often, and answers what was said the last time. */
function record(tally: Tally, times: number, outcome: typeof SUCCESS, nowMs: number): boolean {
  let opens = false;
  for (let call = 0; call < times; call++) opens = tally.record(outcome, nowMs);
  return opens;
}

function create(options: TimeWindowOptions = {}): Tally {
  return timeWindow({ windowMs: 1_000, minimumThroughput: 1, ...options }).createTally();
}

describe('a time window', () => {
  it('counts a call until nine tenths of the window have passed, and no longer than the window', () => {
    for (const startMs of [0, 50, 99, 12_345]) {
      const tally = create();
      record(tally, 1, FAILURE, startMs);
      expect(tally.read(startMs + 900)).toEqual({ calls: 1, failures: 1 });
      expect(tally.read(startMs + 1_000)).toEqual({ calls: 0, failures: 0 });
    }
  });

  it('forgets slice by slice', () => {
    const tally = create({ failureRatio: 1 });
    for (let slice = 0; slice < 10; slice++)
      record(tally, slice + 1, slice % 2 ? FAILURE : SLOW, slice * 100);
    expect(tally.read(999)).toEqual({ calls: 55, failures: 30 });
    expect(tally.read(1_000)).toEqual({ calls: 54, failures: 30 });
    expect(tally.read(1_100)).toEqual({ calls: 52, failures: 28 });
    expect(tally.read(1_500)).toEqual({ calls: 34, failures: 18 });
    expect(tally.read(1_900)).toEqual({ calls: 0, failures: 0 });
    expect(tally.exportCounts(1_900)).toEqual({ rule: 'timeWindow', counts: new Array(30).fill(0) });
  });

  it('forgets everything after a silence longer than the window, however long', () => {
    // Every place of the ring is passed over by some of them.
    const silencesMs = Array.from({ length: 21 }, (_, tenth) => 1_000 + tenth * 100);
    for (const silenceMs of [...silencesMs, 86_400_000, 1e15]) {
      const tally = create();
      record(tally, 7, FAILURE, 55);
      expect(tally.read(55 + silenceMs)).toEqual({ calls: 0, failures: 0 });
    }
  });

  it('does not count backwards when it is read twice at one moment', () => {
    const tally = create();
    record(tally, 3, FAILURE, 100);
    tally.read(1_050);
    expect(tally.read(1_050)).toEqual({ calls: 3, failures: 3 });
    tally.read(1_100);
    expect(tally.read(1_100)).toEqual({ calls: 0, failures: 0 });
  });

  it('works by a clock that counts towards a fixed point ahead of it', () => {
    const tally = create();
    record(tally, 4, FAILURE, -86_400_000);
    expect(tally.read(-86_400_000 + 900)).toEqual({ calls: 4, failures: 4 });
    expect(tally.read(-86_400_000 + 1_000)).toEqual({ calls: 0, failures: 0 });
    record(tally, 2, FAILURE, -50);
    expect(tally.read(850)).toEqual({ calls: 2, failures: 2 });
    expect(tally.read(950)).toEqual({ calls: 0, failures: 0 });
  });

  it('takes slices that are no whole milliseconds', () => {
    const tally = create({ windowMs: 15 });
    record(tally, 1, FAILURE, 1.4);
    record(tally, 1, FAILURE, 1.5);
    expect(tally.exportCounts(1.5).counts.slice(0, 6)).toEqual([1, 1, 0, 1, 1, 0]);
  });

  it('restores calls to the slices they were in', () => {
    const tally = create();
    const counts = Array.from({ length: 30 }, (_, at) => [9, 4, 1][at % 3] as number);
    expect(tally.restoreCounts({ rule: 'timeWindow', counts }, 5_050)).toBe(true);
    expect(tally.exportCounts(5_050)).toEqual({ rule: 'timeWindow', counts });
    expect(tally.read(5_050)).toEqual({ calls: 90, failures: 40 });
    expect(tally.read(5_100)).toEqual({ calls: 81, failures: 36 });
    expect(tally.read(5_999)).toEqual({ calls: 9, failures: 4 });
    expect(tally.read(6_000)).toEqual({ calls: 0, failures: 0 });
  });

  it('opens by the slow calls it has restored', () => {
    const tally = create({ slowCallRatio: 0.5, minimumThroughput: 4 });
    const counts = [3, 0, 3, ...new Array(27).fill(0)];
    tally.restoreCounts({ rule: 'timeWindow', counts }, 0);
    expect(tally.record(SUCCESS, 0)).toBe(true);
  });

  it('forgets slow calls with the rest', () => {
    const tally = create({ slowCallRatio: 0.5, minimumThroughput: 2 });
    record(tally, 1, SLOW, 0);
    expect(record(tally, 2, SUCCESS, 1_000)).toBe(false);
    const control = create({ slowCallRatio: 0.5, minimumThroughput: 2 });
    record(control, 1, SLOW, 0);
    expect(record(control, 1, SUCCESS, 900)).toBe(true);
  });
});

describe('a ratio', () => {
  it('is reached by exactly that share, for every share in hundredths', () => {
    for (let hundredths = 1; hundredths <= 100; hundredths++) {
      const options = { failureRatio: hundredths / 100, minimumThroughput: 100 };
      const reached = create(options);
      record(reached, 100 - hundredths, SUCCESS, 0);
      expect([hundredths, record(reached, hundredths, FAILURE, 0)]).toEqual([hundredths, true]);
      const missed = create(options);
      record(missed, 101 - hundredths, SUCCESS, 0);
      expect([hundredths, record(missed, hundredths - 1, FAILURE, 0)]).toEqual([hundredths, false]);
    }
  });

  it('of slow calls is reached by exactly that share', () => {
    const options = { failureRatio: 1, slowCallRatio: 0.07, minimumThroughput: 100 };
    const reached = create(options);
    record(reached, 93, SUCCESS, 0);
    expect(record(reached, 7, SLOW, 0)).toBe(true);
    const missed = create(options);
    record(missed, 94, SUCCESS, 0);
    expect(record(missed, 6, SLOW, 0)).toBe(false);
  });

  it('is not asked below the minimum throughput', () => {
    const tally = create({ minimumThroughput: 5 });
    expect(record(tally, 4, FAILURE, 0)).toBe(false);
    expect(record(tally, 1, FAILURE, 0)).toBe(true);
  });

  it('of failures opens the circuit although slow calls stay below theirs', () => {
    const tally = create({ slowCallRatio: 1, minimumThroughput: 2 });
    record(tally, 1, SUCCESS, 0);
    expect(record(tally, 1, FAILURE, 0)).toBe(true);
  });
});
