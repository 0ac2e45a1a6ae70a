import type { Hint, PlannedBackoff, PlannedBudget } from './retry-schedule';

/** A wait as the formulas of `exponential`, `constant` and `iterable` describe it. */
export function drawMs(
  plan: PlannedBackoff,
  retry: number,
  previousMs: number | undefined,
  random: () => number,
): number {
  if (plan.kind === 'constant') return plan.delayMs;
  if (plan.kind === 'iterable') return plan.delaysMs[Math.min(retry, plan.delaysMs.length) - 1] ?? 0;
  const { baseDelayMs, maxDelayMs, multiplier } = plan;
  let ceilingMs = baseDelayMs;
  for (let grown = 1; grown < retry; grown++) ceilingMs *= multiplier;
  ceilingMs = Math.min(ceilingMs, maxDelayMs);
  switch (plan.jitter) {
    case 'none':
      return ceilingMs;
    case 'full':
      return between(0, ceilingMs, random());
    case 'equal':
      return between(ceilingMs / 2, ceilingMs, random());
    case 'decorrelated': {
      const upperMs = Math.max(baseDelayMs, (previousMs ?? baseDelayMs) * (multiplier + 1));
      return Math.min(maxDelayMs, between(baseDelayMs, upperMs, random()));
    }
    default:
      return plan.jitter satisfies never;
  }
}

/** A wait for what needs time to pass: near the longest there is. */
export function drawSlowMs(plan: PlannedBackoff, random: () => number): number {
  if (plan.kind === 'constant') return plan.delayMs;
  if (plan.kind === 'iterable') return [...plan.delaysMs].sort((a, b) => b - a)[0] ?? 0;
  return plan.jitter === 'none' ? plan.maxDelayMs : between(plan.maxDelayMs / 2, plan.maxDelayMs, random());
}

/** How long a server asks to wait; what is not a positive number of milliseconds asks nothing. */
export function hintMs(hint: Hint): number {
  return typeof hint === 'number' && Number.isFinite(hint) ? Math.max(0, hint) : 0;
}

/** Adds up what was paid in and taken out so far. */
export class ModelBudget {
  readonly #plan: PlannedBudget;
  #tokens: number;
  #atMs = 0;

  constructor(plan: PlannedBudget) {
    this.#plan = plan;
    this.#tokens = plan.burst - Math.min(plan.spent, plan.burst);
  }

  firstAttempt(): void {
    this.#payIn(this.#plan.ratio);
  }

  isGranted(nowMs: number): boolean {
    this.#payIn((nowMs - this.#atMs) * this.#plan.retriesPerMs);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #payIn(tokens: number): void {
    this.#tokens = Math.min(this.#plan.burst, this.#tokens + tokens);
  }
}

function between(low: number, high: number, part: number): number {
  return low + part * (high - low);
}
