import * as fc from 'fast-check';
import type { Ending, ModelRule, ModelSettings } from './breaker-model';

/** One thing that happens. Which of the running calls ends is told by a number that is taken modulo how many there are. */
export type Step =
  | { readonly kind: 'start' | 'isolate' | 'reset' | 'export' }
  | { readonly kind: 'end'; readonly which: number; readonly ending: Ending }
  | { readonly kind: 'wait'; readonly durationMs: number }
  /** `ageMs`: in a process of this age; undefined: in the same one. */
  | { readonly kind: 'restore'; readonly ageMs: number | undefined };

/** Most failures and successes, so that circuits open and close again within a schedule. */
const ENDINGS: readonly Ending[] = [
  ...(['fails', 'fails', 'fails', 'succeeds', 'succeeds', 'succeeds'] as const),
  ...(['answers', 'refused', 'left', 'timed-out'] as const),
];

const start = fc.constant<Step>({ kind: 'start' });
const end = fc.record({
  kind: fc.constant<'end'>('end'),
  which: fc.nat(9),
  ending: fc.constantFrom(...ENDINGS),
});
/** The limits of `settingsWith`, and a millisecond to either side. */
const wait = fc.record({
  kind: fc.constant<'wait'>('wait'),
  durationMs: fc.constantFrom(1, 4, 5, 9, 10, 11, 20, 39, 40, 100),
});
const byHand = fc.constantFrom<Step[]>({ kind: 'isolate' }, { kind: 'reset' }, { kind: 'export' });
const restore = fc.record({
  kind: fc.constant<'restore'>('restore'),
  ageMs: fc.option(fc.nat(1_000), { nil: undefined }),
});

export const SCHEDULE: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 16, arbitrary: start },
    { weight: 16, arbitrary: end },
    { weight: 8, arbitrary: wait },
    { weight: 2, arbitrary: byHand },
    { weight: 2, arbitrary: restore },
  ),
  { minLength: 5, maxLength: 50, size: 'max' },
);

export function settingsWith(rule: fc.Arbitrary<ModelRule>): fc.Arbitrary<ModelSettings> {
  return fc.record({
    rule,
    slowCallMs: fc.constantFrom(undefined, 10),
    breakMs: fc.constantFrom(10, 20),
    maxBreakMs: fc.constantFrom(20, 50, 80),
    halfOpenPermits: fc.integer({ min: 1, max: 3 }),
    halfOpenMaxWaitMs: fc.constantFrom(5, 20, 40),
  });
}

const ratios = {
  failureHundredths: fc.constantFrom(7, 25, 50, 60, 100),
  slowHundredths: fc.constantFrom(undefined, 50, 100),
  minimumThroughput: fc.integer({ min: 1, max: 4 }),
};

export const RULES: Readonly<Record<ModelRule['kind'], fc.Arbitrary<ModelRule>>> = {
  timeWindow: fc.record({
    kind: fc.constant('timeWindow'),
    windowMs: fc.constantFrom(10, 40, 100),
    ...ratios,
  }),
  countWindow: fc
    .record({
      kind: fc.constant<'countWindow'>('countWindow'),
      size: fc.integer({ min: 1, max: 6 }),
      ...ratios,
    })
    .map((rule) => ({ ...rule, minimumThroughput: Math.min(rule.minimumThroughput, rule.size) })),
  consecutiveFailures: fc.record({
    kind: fc.constant('consecutiveFailures'),
    failures: fc.integer({ min: 1, max: 4 }),
  }),
};
