import { requireNumber } from '../errors/invalid-option-error';
import { requireKnownOptions } from '../errors/require-option';
import type { LimitRule, LoadSample } from './limit-rule';

export interface AimdOptions {
  /** Operations that take longer mean overload, in milliseconds. Above 0. */
  readonly maxLatencyMs: number;
  /** What is left of the limit after overload. At least 0.5, below 1. Default 0.9. */
  readonly backoffRatio?: number | undefined;
}

const DEFAULT_BACKOFF_RATIO = 0.9;

/**
 * Additive increase, multiplicative decrease: the limit grows by one for each round of operations while it is used, and
 * shrinks by a ratio at every sign of overload. Right where it is known how long an operation may take.
 *
 * Source: D. Chiu, R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function aimd(options: AimdOptions): LimitRule {
  requireKnownOptions('aimd', options, ['maxLatencyMs', 'backoffRatio']);
  const maxLatencyMs = requireNumber('maxLatencyMs', options.maxLatencyMs, { above: 0 });
  const backoffRatio = requireNumber('backoffRatio', options.backoffRatio ?? DEFAULT_BACKOFF_RATIO, {
    min: 0.5,
    below: 1,
  });
  return Object.freeze({
    createTracker: () => ({
      record({ latencyMs, active, isOverload }: LoadSample, limit: number): number {
        if (isOverload || latencyMs > maxLatencyMs) return limit * backoffRatio;
        // A limit that is not used says nothing about what the dependency would bear.
        return active * 2 >= limit ? limit + 1 / limit : limit;
      },
    }),
  });
}
