import type { Blocker } from '../../run/run-event';
import type { Look } from './look';
import { reduce, type ScreenEvent } from './reduce';
import { renderDone } from './render-done';
import { INITIAL_STATE } from './screen-state';

const LOOK: Look = { columns: 60, rows: 24, hasColours: false, hasUnicode: true };

const BLOCKER: Blocker = {
  pid: 4711,
  application: 'psql',
  user: 'app',
  by: 'lock',
  state: 'active',
  ageMs: 1,
  query: 'select 1',
};

/** What the last of the events leaves behind; a second passes between two of them. */
function left(...events: readonly ScreenEvent[]): string[] {
  const last = events.length - 1;
  const before = events
    .slice(0, -1)
    .reduce((state, event, at) => reduce(state, event, at * 1_000), INITIAL_STATE);
  const event = events[last];
  return event === undefined ? [] : renderDone(before, event, LOOK, last * 1_000);
}

const STARTED: ScreenEvent = { type: 'started', name: 'IndexOrders', number: 2, total: 7 };
const lock = (name: string): ScreenEvent => ({
  type: 'lock-timeout',
  name,
  attempt: 3,
  delayMs: 9,
  blockers: [BLOCKER],
});

describe('renderDone', () => {
  it('leaves each step with its time, and each migration with its number', () => {
    expect(left(STARTED, { type: 'step', action: 'build index', name: 'idx_at', elapsedMs: 12_340 })).toEqual(
      ['      build index      idx_at  12.3 s'],
    );
    expect(left(STARTED, { type: 'applied', name: 'IndexOrders', elapsedMs: 500 })).toEqual([
      '[2/7] IndexOrders  applied in 500 ms',
    ]);
  });

  it('keeps the time of a step whose name is too long', () => {
    const [line] = left(STARTED, { type: 'step', action: 'drop index', name: 'i'.repeat(63), elapsedMs: 1 });
    expect(line).toMatch(/^ {6}drop index {7}i+… {2}1 ms$/);
    expect(line).toHaveLength(60);
  });

  it('says at which attempt a lock was had', () => {
    expect(
      left(STARTED, lock('IndexOrders'), { type: 'reverted', name: 'IndexOrders', elapsedMs: 1 })[0],
    ).toMatch(/reverted in 1 ms, lock had at attempt 4$/);
    expect(
      left(STARTED, lock('fk'), { type: 'step', action: 'add constraint', name: 'fk', elapsedMs: 1 })[0],
    ).toMatch(/1 ms, lock had at attempt 4$/);
  });

  it('cuts no notice: it may say what to do', () => {
    const message = `it waits for pid 71 (select pg_terminate_backend(71) would end it) ${'x'.repeat(70)}`;
    const lines = left(STARTED, { type: 'notice', name: 'idx_at', message });
    expect(lines.every((line) => line.length <= 60)).toBe(true);
    expect(lines.join('').replaceAll(' ', '')).toBe(`idx_at:${message}`.replaceAll(' ', ''));
  });

  it('says for whom it has waited', () => {
    expect(
      left(
        STARTED,
        { type: 'blocked', name: 'idx_at', blockers: [BLOCKER, { ...BLOCKER, pid: 9, application: '' }] },
        { type: 'unblocked', name: 'idx_at', waitedMs: 35_200 },
      ),
    ).toEqual(['      idx_at: waited 35.2 s for pid 4711 (psql), pid 9']);
    expect(
      left({ type: 'waiting', holder: undefined }, { type: 'pending', direction: 'up', names: [] }),
    ).toEqual(['      waited 1 s for another run']);
    expect(left({ type: 'pending', direction: 'up', names: ['A'] })).toEqual([]);
  });

  it('leaves nothing of what only goes on', () => {
    expect(left(STARTED)).toEqual([]);
    expect(left(STARTED, lock('fk'))).toEqual([]);
    expect(left({ type: 'stopping' })).toEqual([]);
  });
});
