import type { LimitRule, LoadSample } from '../adaptive-limit/limit-rule';

/** A rule that keeps its samples and says what a test wants: the limit as it is, unless told otherwise. */
export function scriptedRule(answer: (limit: number) => number = (limit) => limit): {
  readonly rule: LimitRule;
  readonly samples: LoadSample[];
} {
  const samples: LoadSample[] = [];
  const record = (sample: LoadSample, limit: number): number => {
    samples.push(sample);
    return answer(limit);
  };
  return { rule: { createTracker: () => ({ record }) }, samples };
}
