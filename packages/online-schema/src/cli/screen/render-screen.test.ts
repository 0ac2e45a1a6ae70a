import type { Blocker, LockHolder, RunEvent, StepProgress } from '../../run/run-event';
import type { Look } from './look';
import { reduce, type ScreenEvent } from './reduce';
import { renderScreen } from './render-screen';
import { INITIAL_STATE } from './screen-state';

/** Of the local day, so that its time of day is the same everywhere. */
const NOON_MS = new Date(2026, 0, 2, 12, 0, 0).getTime();
const LOOK: Look = { columns: 80, rows: 24, hasColours: false, hasUnicode: true };

const NAMES = ['CreateOrders', 'IndexOrders', 'Backfill', 'AddTotals', 'DropOld', 'Tidy', 'Last'];
const PENDING: RunEvent = { type: 'pending', direction: 'up', names: NAMES };
const STARTED: RunEvent = { type: 'started', name: 'IndexOrders', number: 2, total: 7 };
const BUILD: RunEvent = {
  type: 'step-started',
  action: 'build index',
  name: 'idx_orders_at',
  statement: undefined,
};
const RUNNING = [PENDING, STARTED, BUILD] as const;

const scan = (done: number, remainingMs?: number): RunEvent => ({
  type: 'progress',
  name: 'idx_orders_at',
  progress: { phase: 'building index: scanning table', done, total: 30_000, unit: 'blocks', remainingMs },
});

const blocker = (facts: Partial<Blocker> = {}): Blocker => ({
  pid: 4711,
  application: 'psql',
  user: 'app',
  by: 'snapshot',
  state: 'idle in transaction',
  ageMs: 720_000,
  query: 'select *\n  from orders',
  ...facts,
});

const blocked = (...blockers: Blocker[]): RunEvent => ({ type: 'blocked', name: 'idx_orders_at', blockers });

/** What stands on the screen so long after events that all happen at noon, without the empty line above it. */
function screen(events: readonly ScreenEvent[], afterMs = 0, look: Partial<Look> = {}): string[] {
  const state = events.reduce((before, event) => reduce(before, event, NOON_MS), INITIAL_STATE);
  return renderScreen(state, { ...LOOK, ...look }, NOON_MS + afterMs).filter((line) => line !== '');
}

describe('renderScreen', () => {
  it('stands apart from what has scrolled up', () => {
    const state = reduce(INITIAL_STATE, STARTED, NOON_MS);
    expect(renderScreen(state, LOOK, NOON_MS)).toEqual(['', '[2/7] IndexOrders  0 s']);
  });

  it('is empty while nothing happens, and when everything is done', () => {
    expect(screen([])).toEqual([]);
    const applied: RunEvent = { type: 'applied', name: 'A', elapsedMs: 1 };
    expect(
      screen([
        { type: 'pending', direction: 'up', names: ['A'] },
        { type: 'started', name: 'A', number: 1, total: 1 },
        applied,
        { type: 'ended' },
      ]),
    ).toEqual([]);
  });

  it('shows the migration, its step, whom it locks out, how far it is, and what is to come', () => {
    expect(screen([...RUNNING, scan(12_345, 42_000)], 65_000 - 60_000)).toEqual([
      '[2/7] IndexOrders  5 s',
      '  build index idx_orders_at  5 s',
      '    locks out schema changes of the table; readers and writers go on',
      '    building index: scanning table, 12,345 of 30,000 blocks',
      `    ${'█'.repeat(12)}${'░'.repeat(18)}   41 %, about 40 s left`,
      'to come: 5 migrations: Backfill, AddTotals, DropOld, Tidy, Last',
    ]);
  });

  it('gives no estimate until there is one, and none that has proved wrong', () => {
    expect(screen([...RUNNING, scan(12_345)]).join('\n')).not.toMatch(/left/);
    expect(screen([...RUNNING, scan(12_345, 42_000)], 42_000).join('\n')).not.toMatch(/left/);
    expect(screen([...RUNNING, scan(12_345, 42_000)], 39_000).join('\n')).toMatch(/a few seconds left/);
  });

  it('estimates the rest of rows from their pace, once there is a basis', () => {
    const rows = (done: number): ScreenEvent[] => {
      const progress: StepProgress = {
        phase: 'updating rows',
        done,
        total: 1_000,
        unit: 'rows',
        remainingMs: undefined,
      };
      return [
        PENDING,
        STARTED,
        { ...BUILD, action: 'backfill' },
        { type: 'progress', name: 'idx_orders_at', progress },
      ];
    };
    const at = (done: number) => {
      const [pending, started, step, progress] = rows(done);
      const begun = [pending, started, step].reduce(
        (state, event) => (event === undefined ? state : reduce(state, event, NOON_MS)),
        INITIAL_STATE,
      );
      const state = progress === undefined ? begun : reduce(begun, progress, NOON_MS + 10_000);
      return renderScreen(state, LOOK, NOON_MS + 10_000).join('\n');
    };
    expect(at(20)).not.toMatch(/left/);
    expect(at(250)).toMatch(/25 %, about 30 s left/);
  });

  it('has no bar for a count of other sessions', () => {
    const progress: StepProgress = {
      phase: 'waiting for old snapshots',
      done: 0,
      total: 2,
      unit: 'sessions',
      remainingMs: undefined,
    };
    const shown = screen([...RUNNING, { type: 'progress', name: 'idx_orders_at', progress }]);
    expect(shown).toContain('    waiting for old snapshots, 0 of 2 sessions');
    expect(shown.join('\n')).not.toMatch(/[█░]/);
  });

  it('shows the step around a step, with its own count', () => {
    const progress: StepProgress = {
      phase: 'building on each partition',
      done: 3,
      total: 12,
      unit: 'partitions',
      remainingMs: undefined,
    };
    const part: RunEvent = {
      ...BUILD,
      type: 'step-started',
      name: 'idx_part',
      statement: 'CREATE INDEX\n  idx_part',
    };
    const shown = screen([...RUNNING, { type: 'progress', name: 'idx_orders_at', progress }, part]);
    expect(shown.slice(1, 4)).toEqual([
      '  build index idx_orders_at  3 of 12 partitions',
      '  build index idx_part  0 s',
      '    CREATE INDEX idx_part',
    ]);
  });

  it('names who is in the way, for how long, and the statement that would end it', () => {
    expect(screen([...RUNNING, blocked(blocker({ ageMs: 700_000 }))], 35_000).slice(3)).toEqual([
      `  waiting since 12:00:00 (35 s) for another session's snapshot`,
      '    pid 4711  psql as app, idle in transaction, open for 12 min',
      '      select * from orders',
      '      to end it: select pg_terminate_backend(4711)',
      'to come: 5 migrations: Backfill, AddTotals, DropOld, Tidy, Last',
    ]);
  });

  it('shows the oldest three of many, and how many more there are', () => {
    const many = [1, 2, 3, 4, 5, 6, 7].map((pid) => blocker({ pid, ageMs: pid === 2 ? null : pid * 1_000 }));
    const shown = screen([...RUNNING, blocked(...many)]);
    expect(shown.filter((line) => line.startsWith('    pid')).map((line) => line.slice(4, 9))).toEqual([
      'pid 7',
      'pid 6',
      'pid 5',
    ]);
    expect(shown).toContain('    and 4 more: pid 4, 3, 1, 2');
    expect(shown).toContain('  waiting since 12:00:00 (0 s) for the snapshots of 7 sessions');
  });

  it('shows the whole statement on a narrow terminal too', () => {
    expect(screen([...RUNNING, blocked(blocker({ pid: 4_194_304 }))], 0, { columns: 40 })).toContain(
      '    select pg_terminate_backend(4194304)',
    );
  });

  it('says what cannot be seen of a blocker, and what a prepared transaction is ended with', () => {
    const hidden = blocker({ state: null, ageMs: null, query: null });
    expect(screen([...RUNNING, blocked(hidden)]).join('\n')).toContain(
      'pid 4711  psql as app, what it does is hidden from this role',
    );
    const prepared = blocker({ pid: 0, application: null, state: 'prepared', query: null });
    const shown = screen([...RUNNING, blocked(prepared)]).join('\n');
    expect(shown).toContain('a prepared transaction  as app, prepared, open for 12 min');
    expect(shown).toContain('rollback prepared');
    expect(shown).not.toContain('pg_terminate_backend');
  });

  it('counts the attempts for a lock and the time to the next one', () => {
    const lock: RunEvent = {
      type: 'lock-timeout',
      name: 'IndexOrders',
      attempt: 3,
      delayMs: 4_000,
      blockers: [blocker({ by: 'lock' })],
    };
    expect(screen([PENDING, STARTED, lock], 2_000)[1]).toBe(
      '  no lock at attempt 3, since 12:00:00 (2 s); next try in 2 s',
    );
    expect(screen([PENDING, STARTED, lock], 3_500)[1]).toMatch(/next try in less than 1 s$/);
    expect(screen([PENDING, STARTED, lock], 5_000)[1]).toMatch(/attempt 4 is under way$/);
    expect(screen([PENDING, STARTED, lock, { type: 'ended' }])[1]).toMatch(/\(0 s\)$/);
  });

  it('says who runs the migrations elsewhere, since when, and what that run does', () => {
    const holder: LockHolder = {
      pid: 71,
      application: 'holdfast migrate',
      user: 'app',
      since: new Date(NOON_MS - 86_400_000),
      state: 'active',
      query: 'CREATE INDEX',
      progress: { phase: 'building index', done: 5, total: 10, unit: 'blocks', remainingMs: undefined },
    };
    expect(screen([{ type: 'waiting', holder }], 61_000)).toEqual([
      'waiting for another run since 12:00:00 (1 min 01 s)',
      '  pid 71  holdfast migrate as app, connected since 2026-01-01 12:00:00',
      '    building index, 5 of 10 blocks',
    ]);
    expect(screen([{ type: 'waiting', holder: { ...holder, progress: null } }])[2]).toBe('    CREATE INDEX');
    expect(screen([{ type: 'waiting', holder: undefined }])[1]).toBe('  who that is cannot be seen');
  });

  it.each([
    ['build index', 'stopping: cancelling the build, then removing what is left of it'],
    ['drop index', 'stopping: finishing the drop, which would leave an invalid index half-way'],
    ['backfill', 'stopping: cancelling the statement, then undoing what is half-done'],
  ] as const)('says until the end what a stop does to a step that would %s', (action, line) => {
    const stopped = [PENDING, STARTED, { ...BUILD, action }, { type: 'stopping' }] as const;
    expect(screen(stopped).at(-1)).toBe(line);
    expect(screen([...stopped, { type: 'ended' }]).join('\n')).not.toMatch(/stopping/);
  });

  it('leaves behind where it ended, and what was not begun', () => {
    const shown = screen([...RUNNING, blocked(blocker()), { type: 'ended' }]);
    expect(shown[0]).toMatch(/^\[2\/7\] IndexOrders/);
    expect(shown.at(-1)).toMatch(/^not begun: 5 migrations/);
  });

  it('shows as many names to come as there is room for', () => {
    const names = Array.from({ length: 500 }, (_, at) => `Migration${at}`);
    const shown = screen([{ type: 'pending', direction: 'up', names }]);
    expect(shown).toEqual(['to come: 500 migrations: Migration0, Migration1, Migration2 and 497 more']);
    expect(screen([{ type: 'pending', direction: 'up', names }], 0, { columns: 30 })).toEqual([
      'to come: 500 migrations',
    ]);
  });

  it('neither obeys nor breaks a query that would', () => {
    const query = '\u001b[2J\u001b]0;owned\u0007select\n\r 表🚀 from\t"x"\u009b5n -- \u202e';
    const shown = screen([...RUNNING, blocked(blocker({ query }))]);
    expect(shown).toContain('      ?[2J?]0;owned?select 表🚀 from "x"?5n -- ?');
  });

  it('draws in ASCII where the locale has no more', () => {
    const shown = screen([...RUNNING, scan(15_000)], 0, { hasUnicode: false });
    expect(shown).toContain(`    ${'#'.repeat(15)}${'-'.repeat(15)}   50 %`);
    expect(shown.join('')).toMatch(/^[ -~]*$/);
  });

  it('leaves out what matters least on a low terminal', () => {
    const most = [
      ...RUNNING,
      scan(1, 5_000),
      blocked(blocker(), blocker({ pid: 2 })),
      { type: 'stopping' },
    ] as const;
    const shown = screen(most, 0, { rows: 8 });
    expect(shown).toHaveLength(7);
    expect(shown[0]).toMatch(/^\[2\/7\]/);
    expect(shown.join('\n')).toMatch(/waiting since.*pid 4711.*stopping/s);
    expect(screen(most, 0, { rows: 1 })).toHaveLength(1);
  });
});
