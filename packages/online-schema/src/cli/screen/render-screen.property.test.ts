import fc from 'fast-check';
import type { Blocker, LockHolder, StepProgress } from '../../run/run-event';
import { measure } from './plain-text';
import { reduce, type ScreenEvent } from './reduce';
import { renderScreen } from './render-screen';
import { INITIAL_STATE } from './screen-state';

const NOON_MS = new Date(2026, 0, 2, 12, 0, 0).getTime();
const LOOK = { rows: 24, hasColours: false, hasUnicode: true };

const anyText = fc.oneof(fc.constantFrom('A', 'idx'), fc.string({ unit: 'binary', maxLength: 200 }));
const anyProgress: fc.Arbitrary<StepProgress> = fc.record({
  phase: anyText,
  done: fc.nat(1e9),
  total: fc.nat(1e9),
  unit: fc.constantFrom('blocks', 'sessions', 'rows', undefined),
  remainingMs: fc.option(fc.nat(1e9), { nil: undefined }),
});
const anyBlockers: fc.Arbitrary<Blocker[]> = fc.array(
  fc.record({
    pid: fc.nat(99_999),
    application: fc.option(anyText),
    user: fc.option(anyText),
    by: fc.constantFrom('lock', 'snapshot'),
    state: fc.option(anyText),
    ageMs: fc.option(fc.nat(1e9)),
    query: fc.option(anyText),
  }),
);
const anyHolder: fc.Arbitrary<LockHolder | undefined> = fc.option(
  fc.record({
    pid: fc.nat(99_999),
    application: fc.option(anyText),
    user: fc.option(anyText),
    since: fc.option(fc.date({ noInvalidDate: true })),
    state: fc.option(anyText),
    query: fc.option(anyText),
    progress: fc.option(anyProgress),
  }),
  { nil: undefined },
);
const anyEvent: fc.Arbitrary<ScreenEvent> = fc.oneof(
  fc.record({ type: fc.constant('waiting' as const), holder: anyHolder }),
  fc.record({
    type: fc.constant('pending' as const),
    direction: fc.constant('up' as const),
    names: fc.array(anyText),
  }),
  fc.record({ type: fc.constant('started' as const), name: anyText, number: fc.nat(9), total: fc.nat(9) }),
  fc.record({
    type: fc.constant('step-started' as const),
    action: fc.constantFrom('build index' as const, 'drop index' as const, 'backfill' as const),
    name: anyText,
    statement: fc.option(anyText, { nil: undefined }),
  }),
  fc.record({ type: fc.constant('progress' as const), name: anyText, progress: anyProgress }),
  fc.record({ type: fc.constant('blocked' as const), name: anyText, blockers: anyBlockers }),
  fc.record({ type: fc.constant('unblocked' as const), name: anyText, waitedMs: fc.nat(1e9) }),
  fc.record({
    type: fc.constant('lock-timeout' as const),
    name: anyText,
    attempt: fc.nat(99),
    delayMs: fc.nat(9_999),
    blockers: anyBlockers,
  }),
  fc.record({ type: fc.constant('notice' as const), name: anyText, message: anyText }),
  fc.record({
    type: fc.constant('step' as const),
    action: fc.constantFrom('build index' as const, 'drop index' as const),
    name: anyText,
    elapsedMs: fc.nat(1e9),
  }),
  fc.record({ type: fc.constant('applied' as const), name: anyText, elapsedMs: fc.nat(1e9) }),
  fc.record({ type: fc.constantFrom('stopping' as const, 'ended' as const) }),
);

describe('renderScreen', () => {
  it('is never wider than the terminal nor higher than 15 lines, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 12 }),
        fc.constantFrom(40, 80, 120),
        fc.nat(1e7),
        (events, columns, ms) => {
          const state = events.reduce((before, event) => reduce(before, event, NOON_MS), INITIAL_STATE);
          const shown = renderScreen(state, { ...LOOK, columns }, NOON_MS + ms);
          expect(shown.length).toBeLessThanOrEqual(15);
          for (const line of shown) expect(measure(line)).toBeLessThanOrEqual(columns);
          expect(shown.join('')).not.toMatch(/\p{Cc}/u);
        },
      ),
      { numRuns: 200 },
    );
  });
});
