import { RecordingClock } from '../test/pipeline-recording-clock';
import { type TimerEntry, TimerList } from './timer-list';

const DURATION_MS = 100;

class Entry implements TimerEntry {
  dueMs = 0;
  previous: TimerEntry | undefined;
  next: TimerEntry | undefined;
  readonly #onDue: (entry: Entry) => void;

  constructor(onDue: (entry: Entry) => void) {
    this.#onDue = onDue;
  }

  onDue(): void {
    this.#onDue(this);
  }
}

describe('a list of timers', () => {
  let clock: RecordingClock;
  let list: TimerList;
  let firedMs: Map<Entry, number>;

  beforeEach(() => {
    clock = new RecordingClock();
    list = new TimerList(clock, DURATION_MS);
    firedMs = new Map();
  });

  function add(): Entry {
    const entry = new Entry((due) => firedMs.set(due, clock.nowMs()));
    list.add(entry);
    return entry;
  }

  it('calls each entry back when its time has come, not before', async () => {
    const first = add();
    await clock.advance(30);
    const second = add();
    await clock.advance(69);
    expect(firedMs.size).toBe(0);
    await clock.advance(1);
    expect([...firedMs]).toEqual([[first, 100]]);
    await clock.advance(29);
    expect(firedMs.size).toBe(1);
    await clock.advance(1);
    expect(firedMs.get(second)).toBe(130);
  });

  it('sets one real timer however many entries it has', async () => {
    for (let count = 0; count < 1000; count += 1) add();
    expect(clock.delaysMs).toEqual([DURATION_MS]);
    await clock.advance(DURATION_MS);
    expect(firedMs.size).toBe(1000);
    expect(clock.delaysMs).toEqual([DURATION_MS]);
  });

  it('sets one real timer for entries that come and go', async () => {
    for (let count = 0; count < 1000; count += 1) list.remove(add());
    expect(clock.delaysMs).toEqual([DURATION_MS]);
  });

  it('calls nobody back early when the real timer fires early', async () => {
    clock.speed = 0.5;
    const first = add();
    await clock.advance(10);
    const second = add();
    await clock.advance(89);
    expect(firedMs.size).toBe(0);
    await clock.advance(2);
    expect(firedMs.get(first)).toBeGreaterThanOrEqual(100);
    await clock.advance(10);
    expect(firedMs.get(second)).toBeGreaterThanOrEqual(110);
  });

  it('calls nobody back early who came when the clock stood between two milliseconds', async () => {
    await clock.advance(0.4);
    const entry = add();
    expect(entry.dueMs).toBe(101);
    await clock.advance(DURATION_MS);
    expect(firedMs.size).toBe(0);
    await clock.advance(1);
    expect(firedMs.get(entry)).toBeGreaterThanOrEqual(100.4);
  });

  it('calls back everybody who is due when the real timer fires late', async () => {
    const first = add();
    await clock.advance(99);
    const second = add();
    const third = add();
    clock.speed = 10;
    await clock.advance(1);
    expect([...firedMs.keys()]).toEqual([first]);
    expect(clock.delaysMs).toEqual([100, 99]);
    await clock.advance(990);
    expect([...firedMs.keys()]).toEqual([first, second, third]);
  });

  it.each([
    { who: 'the first', removed: [0] },
    { who: 'the middle one', removed: [1] },
    { who: 'the last', removed: [2] },
    { who: 'everybody', removed: [2, 0, 1] },
  ])('does not call back $who that was removed', async ({ removed }) => {
    const entries = [add(), add(), add()];
    for (const at of removed) list.remove(entries[at] as Entry);
    const late = add();
    await clock.advance(DURATION_MS);
    expect([...firedMs.keys()]).toEqual([...entries.filter((_, at) => !removed.includes(at)), late]);
    for (const entry of entries) expect(entry).toMatchObject({ previous: undefined, next: undefined });
  });

  it('holds the process only while an entry waits', async () => {
    expect(clock.pendingTimers).toBe(0);
    const first = add();
    const second = add();
    expect(clock.pendingTimers).toBe(1);
    list.remove(first);
    expect(clock.pendingTimers).toBe(1);
    list.remove(second);
    expect(clock.pendingTimers).toBe(0);
    const third = add();
    expect(clock.pendingTimers).toBe(1);
    list.remove(third);
    await clock.advance(10 * DURATION_MS);
    expect(clock.pendingTimers).toBe(0);
    // The timer was left to lapse, and not set again for nobody.
    expect(clock.delaysMs).toEqual([DURATION_MS]);
  });

  it('sets its timer anew for whoever comes after it has lapsed', async () => {
    list.remove(add());
    await clock.advance(DURATION_MS);
    const entry = add();
    expect(clock.delaysMs).toEqual([DURATION_MS, DURATION_MS]);
    await clock.advance(DURATION_MS);
    expect(firedMs.get(entry)).toBe(2 * DURATION_MS);
  });

  it('waits for the rest when it finds a timer that was set for somebody else', async () => {
    list.remove(add());
    await clock.advance(60);
    const entry = add();
    await clock.advance(40);
    expect(firedMs.size).toBe(0);
    expect(clock.delaysMs).toEqual([100, 60]);
    await clock.advance(60);
    expect(firedMs.get(entry)).toBe(160);
  });

  it('lets an entry be added again, and others removed, by one that is due', async () => {
    const rounds: number[] = [];
    let victim: Entry | undefined;
    const again = new Entry((entry) => {
      rounds.push(clock.nowMs());
      if (rounds.length === 1) list.add(entry);
      if (victim !== undefined) list.remove(victim);
      victim = undefined;
    });
    list.add(again);
    victim = add();
    await clock.advance(DURATION_MS);
    expect([rounds, firedMs.size]).toEqual([[100], 0]);
    await clock.advance(DURATION_MS);
    expect(rounds).toEqual([100, 200]);
    expect(clock.delaysMs).toEqual([100, 100]);
    expect(clock.pendingTimers).toBe(0);
  });
});
