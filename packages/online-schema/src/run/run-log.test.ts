import { renderRunEvent } from './render-event';
import type { Blocker, RunEvent, StepProgress } from './run-event';
import { createRunLog } from './run-log';

const BLOCKER: Blocker = {
  pid: 71,
  application: 'psql',
  user: 'ada',
  by: 'snapshot',
  state: 'idle in transaction',
  ageMs: 61_000,
  query: 'select *\n  from people',
};
const HOLDER = {
  pid: 9,
  application: 'holdfast migrate',
  user: 'ada',
  since: new Date(0),
  state: 'active',
  query: 'select 1',
  progress: null,
};
const SCAN: StepProgress = {
  phase: 'building index: scanning table',
  done: 41,
  total: 100,
  unit: 'blocks',
  remainingMs: 20_000,
};
const progress = (phase: string, done: number): RunEvent => ({
  type: 'progress',
  name: 'idx',
  progress: { ...SCAN, phase, done },
});

describe('an event in one line', () => {
  it.each<[RunEvent, string]>([
    [{ type: 'waiting', holder: undefined }, 'another migration is running; waiting for it'],
    [
      { type: 'waiting', holder: HOLDER },
      'another migration is running (pid 9, holdfast migrate, connected since 1970-01-01T00:00:00.000Z, at select 1); waiting for it (if nobody runs it any more: select pg_terminate_backend(9))',
    ],
    [
      { type: 'waiting', holder: { ...HOLDER, since: null, progress: { ...SCAN, remainingMs: undefined } } },
      'another migration is running (pid 9, holdfast migrate, at building index: scanning table, 41 % of 100 blocks); waiting for it (if nobody runs it any more: select pg_terminate_backend(9))',
    ],
    [{ type: 'pending', direction: 'up', names: ['A', 'B'] }, ''],
    [{ type: 'pending', direction: 'down', names: ['B', 'A'] }, 'will revert B, then A'],
    [
      { type: 'progress', name: 'idx', progress: SCAN },
      '      idx: building index: scanning table, 41 % of 100 blocks, about 20.0 s left',
    ],
    [
      { type: 'blocked', name: 'idx', blockers: [BLOCKER] },
      '      idx: waits for pid 71 (psql, ada, idle in transaction for 61.0 s, holds a snapshot): select * from people',
    ],
    [
      {
        type: 'blocked',
        name: 'idx',
        blockers: [
          { ...BLOCKER, pid: 0, application: null, by: 'lock', state: 'prepared', ageMs: null, query: null },
        ],
      },
      '      idx: waits for a prepared transaction (ada, prepared, holds a lock)',
    ],
    [{ type: 'unblocked', name: 'idx', waitedMs: 3_600_000 * 3 }, '      idx: goes on after waiting 3.0 h'],
    [
      { type: 'lock-timeout', name: 'A', attempt: 2, delayMs: 250, blockers: [] },
      '      A: no lock at attempt 2; again in 250 ms',
    ],
    [{ type: 'reverted', name: 'A', elapsedMs: 240_000 }, '      reverted in 4 min'],
  ])('%j', (event, line) => {
    expect(renderRunEvent(event)).toBe(line);
  });
});

describe('the log of a run', () => {
  const follow = (events: readonly (readonly [atMs: number, event: RunEvent])[]) => {
    let now = 0;
    const lines: string[] = [];
    const log = createRunLog(
      (line) => lines.push(line.trim()),
      () => now,
    );
    for (const [atMs, event] of events) {
      now = atMs;
      log(event);
    }
    return lines;
  };
  const begin: RunEvent = { type: 'step-started', action: 'build index', name: 'idx', statement: undefined };

  it('says nothing of a step that is soon over', () => {
    expect(
      follow([
        [0, begin],
        [500, progress('a', 1)],
        [1_000, progress('a', 2)],
      ]),
    ).toEqual([]);
  });

  it('tells each change of phase, and within a phase one line in ten seconds', () => {
    const lines = follow([
      [0, begin],
      [500, progress('a', 1)],
      [9_000, progress('a', 2)],
      [10_000, progress('a', 3)],
      [15_000, progress('a', 4)],
      [16_000, progress('b', 5)],
      [17_000, progress('b', 6)],
      [26_000, progress('b', 7)],
    ]);
    expect(lines.map((line) => line.slice(0, 12))).toEqual(['idx: a, 3 % ', 'idx: b, 5 % ', 'idx: b, 7 % ']);
  });

  it('tells the first three attempts at a lock, and then one in ten seconds', () => {
    const attempt = (number: number): RunEvent => ({
      type: 'lock-timeout',
      name: 'A',
      attempt: number,
      delayMs: 1,
      blockers: [],
    });
    const lines = follow([1, 2, 3, 4, 5, 6, 7].map((number) => [number * 4_000, attempt(number)] as const));
    expect(lines.map((line) => /attempt (\d)/.exec(line)?.[1])).toEqual(['1', '2', '3', '6']);
  });
});
