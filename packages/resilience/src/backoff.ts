import { MAX_TIMER_MS } from './clock';

/** How much of a delay is left to chance. */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none';

/** The shape of the waits between attempts. All delays in milliseconds. */
export interface BackoffShape {
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly backoffMultiplier: number;
  readonly jitter: Jitter;
}

/**
 * Draws the wait before the next attempt.
 *
 * - `full`: anything from 0 to `min(max, base × multiplier^(retry−1))`.
 * - `equal`: 50–100 % of that.
 * - `none`: all of it.
 * - `decorrelated`: from `base` to `previous × (multiplier + 1)`, at most `max`; the first `previous` is `base`.
 *   With the default multiplier of 2 this is the published `uniform(base, previous × 3)`.
 *
 * Formulas: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param retry 1 for the wait after the first attempt.
 * @param previousDelayMs what the last call returned; read by `decorrelated` only.
 * @param random uniform in [0, 1).
 */
export function drawDelayMs(
  shape: BackoffShape,
  retry: number,
  previousDelayMs: number | undefined,
  random: () => number,
): number {
  const { baseDelayMs, backoffMultiplier, jitter } = shape;
  const maxDelayMs = Math.min(shape.maxDelayMs, MAX_TIMER_MS);
  const ceilingMs = Math.min(maxDelayMs, baseDelayMs * backoffMultiplier ** (retry - 1));
  switch (jitter) {
    case 'none':
      return ceilingMs;
    case 'full':
      return random() * ceilingMs;
    case 'equal':
      return ceilingMs / 2 + random() * (ceilingMs / 2);
    case 'decorrelated': {
      const upperMs = (previousDelayMs ?? baseDelayMs) * (backoffMultiplier + 1);
      return Math.min(maxDelayMs, baseDelayMs + random() * Math.max(0, upperMs - baseDelayMs));
    }
    default:
      return jitter satisfies never;
  }
}

/** Draws a wait for a failure that needs time to pass (a full disk, exhausted memory): 50–100 % of the maximum. */
export function drawSlowDelayMs(shape: BackoffShape, random: () => number): number {
  const maxDelayMs = Math.min(shape.maxDelayMs, MAX_TIMER_MS);
  return shape.jitter === 'none' ? maxDelayMs : maxDelayMs / 2 + random() * (maxDelayMs / 2);
}
