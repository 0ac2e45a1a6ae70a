import * as fc from 'fast-check';
import type { Jitter } from '../retry/backoff';
import type { RetryDecision } from '../retry/retry-frame';

/** What a schedule lets a server hint at; what is not a positive finite number is no hint. */
export type Hint = number | 'soon' | undefined;

/** What one run of an operation does, `afterMs` its start; 0 is at once. */
export interface PlannedRun {
  readonly afterMs: number;
  /** Its failure is judged so; `success` is none. */
  readonly ending: 'success' | RetryDecision;
  readonly hint: Hint;
  /** Its failure is the RetryError of another retry, wrapped. */
  readonly isRetriedInside: boolean;
  /** Whether it reads its signal, and what it does when that aborts. */
  readonly onAbort: 'ignore' | 'reject' | 'fail' | 'succeed';
}

export interface PlannedCall {
  readonly startMs: number;
  readonly deadlineMs: number | undefined;
  /** By the clock, not from the start: the signal may be aborted beforehand. */
  readonly abortMs: number | undefined;
  /** Runs after the last are as the last. */
  readonly runs: readonly PlannedRun[];
}

export type PlannedBackoff =
  | {
      readonly kind: 'exponential';
      readonly baseDelayMs: number;
      readonly maxDelayMs: number;
      readonly multiplier: number;
      readonly jitter: Jitter;
    }
  | { readonly kind: 'constant'; readonly delayMs: number }
  | { readonly kind: 'iterable'; readonly delaysMs: readonly number[] };

export interface PlannedBudget {
  readonly ratio: number;
  readonly retriesPerMs: number;
  readonly burst: number;
  /** Tokens taken before anything runs. */
  readonly spent: number;
}

/** One policy, and the calls that share it. */
export interface RetrySchedule {
  readonly maxAttempts: number;
  readonly backoff: PlannedBackoff;
  readonly budget: PlannedBudget | undefined;
  /** Random numbers in the order they are asked for, again from the first after the last. */
  readonly draws: readonly number[];
  /** How late each timer of the policy fires. */
  readonly lateMs: number;
  readonly calls: readonly PlannedCall[];
}

// Every number is a sum of a few powers of two, so that arithmetic is exact in whatever order it is done, and the calls of
// one schedule lie on grids that never meet: what happens at the same time happens within one call.
const CALL_GRID_MS = 2 ** -18;
const ABORT_OFFSET_MS = 2 ** -20;

const quarters = fc.constantFrom(0, 0.25, 0.5, 0.75);
const small = fc.constantFrom(0, 0, 1, 2, 3, 8);
const delays = fc.constantFrom(0, 1, 2, 8, 16, 40);

const runs: fc.Arbitrary<PlannedRun> = fc.record({
  afterMs: small,
  ending: fc.oneof(
    { weight: 5, arbitrary: fc.constant<PlannedRun['ending']>('yes') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<PlannedRun['ending']>('success', 'no', 'slow', 'once', 'once-slow'),
    },
  ),
  hint: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Hint>(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Hint>(1, 30, 200, 0, -5, Number.NaN, Number.POSITIVE_INFINITY, 'soon'),
    },
  ),
  isRetriedInside: fc.oneof(
    { weight: 20, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  onAbort: fc.constantFrom('ignore', 'ignore', 'reject', 'fail', 'succeed'),
});

const calls = fc.record({
  startMs: fc.nat(60),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 150 }), { nil: undefined }),
  abortMs: fc.option(fc.nat(200), { nil: undefined, freq: 2 }),
  runs: fc.array(runs, { minLength: 1, maxLength: 7 }),
});

const backoffs: fc.Arbitrary<PlannedBackoff> = fc.oneof(
  fc
    .record({
      baseDelayMs: fc.constantFrom(1, 4, 8, 16),
      factor: fc.constantFrom(1, 2, 4, 32),
      multiplier: fc.constantFrom(1, 1.5, 2, 3),
      jitter: fc.constantFrom<Jitter>('full', 'equal', 'decorrelated', 'none'),
    })
    .map(({ factor, ...shape }) => ({
      kind: 'exponential' as const,
      maxDelayMs: shape.baseDelayMs * factor,
      ...shape,
    })),
  fc.record({ kind: fc.constant('constant' as const), delayMs: delays }),
  fc.record({
    kind: fc.constant('iterable' as const),
    delaysMs: fc.array(delays, { minLength: 1, maxLength: 4 }),
  }),
);

/** Random schedules: up to three calls that share a policy, its budget and its random numbers. */
export const retrySchedules: fc.Arbitrary<RetrySchedule> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 6 }),
  backoff: backoffs,
  budget: fc.option(
    fc.record({
      ratio: fc.constantFrom(0, 0.25, 0.5, 1),
      retriesPerMs: fc.constantFrom(0, 2 ** -7, 2 ** -4),
      burst: fc.constantFrom(1, 2, 3),
      spent: fc.constantFrom(0, 1, 3),
    }),
    { nil: undefined },
  ),
  draws: fc.array(quarters, { minLength: 1, maxLength: 5 }),
  lateMs: fc.constantFrom(0, 0, 1, 10),
  calls: fc
    .array(calls, { minLength: 1, maxLength: 3 })
    .map((planned) => planned.map((call, at) => placeOnGrid(call, (at + 1) * CALL_GRID_MS))),
});

function placeOnGrid(call: PlannedCall, offsetMs: number): PlannedCall {
  return {
    ...call,
    startMs: call.startMs + offsetMs,
    abortMs: call.abortMs === undefined ? undefined : call.abortMs + offsetMs + ABORT_OFFSET_MS,
  };
}
