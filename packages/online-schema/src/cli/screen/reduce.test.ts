import type { Blocker, RunEvent, StepProgress } from '../../run/run-event';
import { reduce, type ScreenEvent } from './reduce';
import { INITIAL_STATE, type ScreenState } from './screen-state';

const progress = (phase: string, done: number): StepProgress => ({
  phase,
  done,
  total: 100,
  unit: 'blocks',
  remainingMs: undefined,
});

const blocker: Blocker = {
  pid: 7,
  application: 'psql',
  user: 'app',
  by: 'lock',
  state: 'active',
  ageMs: 1_000,
  query: 'select 1',
};

/** The state after events, the first of which happens at 0 ms, and each other a second after the one before. */
function after(...events: readonly ScreenEvent[]): ScreenState {
  return events.reduce((state, event, at) => reduce(state, event, at * 1_000), INITIAL_STATE);
}

const PENDING: RunEvent = { type: 'pending', direction: 'up', names: ['A', 'B', 'C'] };
const STARTED: RunEvent = { type: 'started', name: 'A', number: 1, total: 3 };
const BUILD: RunEvent = { type: 'step-started', action: 'build index', name: 'idx', statement: undefined };
const lockTimeout = (name: string, attempt: number): RunEvent => ({
  type: 'lock-timeout',
  name,
  attempt,
  delayMs: 500,
  blockers: [blocker],
});

describe('reduce', () => {
  it('counts a migration as begun from its start, and as current until it is applied', () => {
    expect(after(PENDING, STARTED)).toMatchObject({ begun: 1, migration: { name: 'A', sinceMs: 1_000 } });
    const applied = after(PENDING, STARTED, { type: 'applied', name: 'A', elapsedMs: 5 });
    expect(applied).toMatchObject({ begun: 1, migration: undefined, names: ['A', 'B', 'C'] });
  });

  it('stacks steps that are parts of steps, and takes the innermost that ends away', () => {
    const inner: RunEvent = {
      type: 'step-started',
      action: 'build index',
      name: 'part',
      statement: undefined,
    };
    const state = after(STARTED, BUILD, inner);
    expect(state.steps.map(({ name }) => name)).toEqual(['idx', 'part']);
    const ended = reduce(state, { type: 'step', action: 'build index', name: 'part', elapsedMs: 1 }, 9);
    expect(ended.steps.map(({ name }) => name)).toEqual(['idx']);
  });

  it('takes what never ended away with the step around it', () => {
    const inner: RunEvent = {
      type: 'step-started',
      action: 'drop index',
      name: 'part',
      statement: undefined,
    };
    const state = after(STARTED, BUILD, inner, {
      type: 'step',
      action: 'build index',
      name: 'idx',
      elapsedMs: 1,
    });
    expect(state.steps).toEqual([]);
  });

  it('keeps the start of a phase while its numbers change', () => {
    const seen = (...events: RunEvent[]) => after(BUILD, ...events).steps[0]?.progress;
    const scan = (done: number): RunEvent => ({
      type: 'progress',
      name: 'idx',
      progress: progress('scan', done),
    });
    expect(seen(scan(1), scan(2))).toMatchObject({ done: 2, phaseSinceMs: 1_000, atMs: 2_000 });
    const sort: RunEvent = { type: 'progress', name: 'idx', progress: progress('sort', 0) };
    expect(seen(scan(1), sort)).toMatchObject({ done: 0, phaseSinceMs: 2_000 });
  });

  it('gives progress to the step of its name, else to the innermost, else to the migration', () => {
    const inner: RunEvent = {
      type: 'step-started',
      action: 'build index',
      name: 'part',
      statement: undefined,
    };
    const of = (name: string): RunEvent => ({ type: 'progress', name, progress: progress('scan', 3) });
    const phases = ({ steps }: ScreenState) => steps.map((step) => step.progress?.phase);
    expect(phases(after(BUILD, inner, of('idx')))).toEqual(['scan', undefined]);
    expect(phases(after(BUILD, inner, of('hf_new_idx')))).toEqual([undefined, 'scan']);
    expect(after(STARTED, of('A')).migration?.progress?.phase).toBe('scan');
    expect(after(of('A'))).toEqual(INITIAL_STATE);
  });

  it('says since when it waits for sessions, also when they change', () => {
    const blocked: RunEvent = { type: 'blocked', name: 'idx', blockers: [blocker] };
    const again: RunEvent = { type: 'blocked', name: 'idx', blockers: [{ ...blocker, pid: 8 }] };
    expect(after(BUILD, blocked, again).wait).toMatchObject({
      kind: 'sessions',
      sinceMs: 1_000,
      seenAtMs: 2_000,
      blockers: [{ pid: 8 }],
    });
    expect(after(BUILD, blocked, { type: 'unblocked', name: 'idx', waitedMs: 1 }).wait).toBeUndefined();
  });

  it('dates a wait from the phase that waits, which is told before the blockers are', () => {
    const phase: RunEvent = {
      type: 'progress',
      name: 'idx',
      progress: progress('waiting for old snapshots', 0),
    };
    const blocked: RunEvent = { type: 'blocked', name: 'idx', blockers: [blocker] };
    expect(after(BUILD, phase, blocked).wait).toMatchObject({ sinceMs: 1_000, seenAtMs: 2_000 });
  });

  it('counts attempts for a lock from the first one, and forgets what was undone with each', () => {
    const state = after(STARTED, BUILD, lockTimeout('A', 1), BUILD, lockTimeout('A', 2));
    expect(state.steps).toEqual([]);
    expect(state.wait).toMatchObject({ kind: 'lock', attempt: 2, sinceMs: 2_000, retryAtMs: 4_500 });
    expect(after(STARTED, BUILD, lockTimeout('idx', 1)).steps).toHaveLength(1);
  });

  it('ends the wait for a lock when the step goes on, and when it ends', () => {
    const inner: RunEvent = {
      type: 'step-started',
      action: 'build index',
      name: 'part',
      statement: undefined,
    };
    const scan: RunEvent = { type: 'progress', name: 'idx', progress: progress('scan', 1) };
    const end: RunEvent = { type: 'step', action: 'build index', name: 'idx', elapsedMs: 1 };
    for (const event of [inner, scan, end])
      expect(after(STARTED, BUILD, lockTimeout('idx', 1), event).wait).toBeUndefined();
    // The steps of a transaction that is begun again are no sign that it has its lock.
    expect(after(STARTED, lockTimeout('A', 1), BUILD).wait).toMatchObject({ kind: 'lock' });
  });

  it('waits for another run until it knows what is pending', () => {
    const waiting: RunEvent = { type: 'waiting', holder: undefined };
    expect(after(waiting, waiting).wait).toMatchObject({ kind: 'run', sinceMs: 0 });
    expect(after(waiting, PENDING).wait).toBeUndefined();
  });
});
