import { type Clock, systemClock } from '../clock/clock';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireFunction, requireKnownOptions, requireLogger } from '../errors/require-option';
import type { StructuredLogger } from '../observe/structured-logger';
import { type Backoff, EXPONENTIAL_DEFAULTS, type ExponentialOptions, exponential } from './backoff';
import { RetryBudget } from './retry-budget';

/** What `retry` may be told. Everything has a default. */
export interface RetryOptions extends ExponentialOptions {
  /** Calls of the operation, the first included. An integer of at least 1. Default 5. */
  readonly maxAttempts?: number | undefined;
  /** Waits of another shape, instead of `baseDelayMs, maxDelayMs, backoffMultiplier, jitter`. */
  readonly backoff?: Backoff | undefined;
  /** Codes, or a predicate, that are retried in addition to the built-in ones. */
  readonly retryableErrors?: readonly string[] | ((error: unknown) => boolean) | undefined;
  /** Bounds the retries of everybody who shares it. Default: no bound but `maxAttempts`. */
  readonly budget?: RetryBudget | undefined;
  /** Receives one line per retry, giving up and success after a retry. */
  readonly logger?: StructuredLogger | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Numeric defaults of a retry. */
export interface RetryDefaults {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly backoffMultiplier: number;
}

/** Defaults of `retry` and `retryWithBackoff`. */
export const RETRY_DEFAULTS: RetryDefaults = Object.freeze({ maxAttempts: 5, ...EXPONENTIAL_DEFAULTS });

/** Options after validation: nothing is missing and nothing is out of range. */
export interface RetrySettings {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly budget: RetryBudget | undefined;
  readonly logger: StructuredLogger | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

const EXPONENTIAL_OPTIONS = ['baseDelayMs', 'maxDelayMs', 'backoffMultiplier', 'jitter'] as const;
const OTHER_OPTIONS = [
  'maxAttempts',
  'backoff',
  'retryableErrors',
  'budget',
  'logger',
  'clock',
  'random',
] as const satisfies readonly (keyof RetryOptions)[];

/** Fills in defaults and validates. @throws InvalidOptionError naming the option, the value and the range. */
export function readRetrySettings(
  options: RetryOptions,
  defaults: RetryDefaults = RETRY_DEFAULTS,
): RetrySettings {
  requireKnownOptions('retry', options, [...OTHER_OPTIONS, ...EXPONENTIAL_OPTIONS]);
  requireClock(options.clock);
  requireLogger(options.logger);
  requireFunction('random', options.random);
  requireRetryableErrors(options.retryableErrors);
  if (options.budget !== undefined && !(options.budget instanceof RetryBudget)) {
    throw new InvalidOptionError('budget', options.budget, 'a budget made by retryBudget()');
  }
  const { maxAttempts, ...shape } = defaults;
  return {
    maxAttempts: requireNumber('maxAttempts', options.maxAttempts ?? maxAttempts, { min: 1, integer: true }),
    backoff: readBackoff(options, shape),
    budget: options.budget,
    logger: options.logger,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function readBackoff(options: RetryOptions, defaults: Omit<RetryDefaults, 'maxAttempts'>): Backoff {
  const { backoff } = options;
  if (backoff === undefined) {
    const { baseDelayMs = defaults.baseDelayMs, backoffMultiplier = defaults.backoffMultiplier } = options;
    // A default gives way to what is asked for.
    const { maxDelayMs = Math.max(defaults.maxDelayMs, baseDelayMs), jitter } = options;
    return exponential({ baseDelayMs, maxDelayMs, backoffMultiplier, jitter });
  }
  if (typeof backoff?.drawDelayMs !== 'function' || typeof backoff.drawSlowDelayMs !== 'function') {
    throw new InvalidOptionError(
      'backoff',
      backoff,
      'exponential(), constant(), iterable() or a Backoff of your own',
    );
  }
  const first = EXPONENTIAL_OPTIONS.find((option) => options[option] !== undefined);
  if (first !== undefined) {
    throw new InvalidOptionError(first, options[first], 'left out when backoff is given');
  }
  return backoff;
}

function requireRetryableErrors(retryable: unknown): void {
  if (retryable === undefined || typeof retryable === 'function') return;
  if (Array.isArray(retryable) && retryable.every((code) => typeof code === 'string')) return;
  throw new InvalidOptionError('retryableErrors', retryable, 'an array of codes or a predicate');
}
