import type { BackoffShape, Jitter } from './backoff';
import { type Clock, systemClock } from './clock';
import { createDeadline, type Deadline } from './deadline';
import { InvalidOptionError, requireNumber } from './invalid-option-error';
import type { RetryContext } from './retry-context';

/** What `retryWithBackoff` may be told. Everything has a default. */
export interface RetryOptions {
  /** Calls of the operation, the first included. An integer of at least 1. Default 5. */
  readonly maxAttempts?: number;
  /** Ceiling of the first wait, in milliseconds. Above 0. Default 1000. */
  readonly baseDelayMs?: number;
  /** Ceiling of every wait, in milliseconds. At least `baseDelayMs`. Default 30 000. */
  readonly maxDelayMs?: number;
  /** Growth of the ceiling from one wait to the next. At least 1. Default 2. */
  readonly backoffMultiplier?: number;
  /** `true` is `'full'`, `false` is `'none'`. Default `true`. */
  readonly jitter?: boolean | Jitter;
  /** Codes, or a predicate, that are retried in addition to the built-in ones. */
  readonly retryableErrors?: readonly string[] | ((error: unknown) => boolean);
  /** Ends a wait at once and lets no further attempt start. */
  readonly signal?: AbortSignal;
  /** Shared deadline, or milliseconds from this call. No wait outlives it. */
  readonly deadline?: Deadline | number;
}

/** Numeric defaults of a retry helper. */
export interface RetryDefaults {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly backoffMultiplier: number;
}

/** Defaults of `retryWithBackoff`. */
export const RETRY_DEFAULTS: RetryDefaults = Object.freeze({
  maxAttempts: 5,
  baseDelayMs: 1000,
  maxDelayMs: 30_000,
  backoffMultiplier: 2,
});

/** Options after validation: nothing is missing and nothing is out of range. */
export interface RetrySettings {
  readonly maxAttempts: number;
  readonly backoff: BackoffShape;
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

const JITTERS: readonly unknown[] = ['full', 'equal', 'decorrelated', 'none'] satisfies Jitter[];

/** Fills in defaults and validates. @throws InvalidOptionError naming the option, the value and the range. */
export function readRetrySettings(
  options: RetryOptions,
  context: RetryContext,
  defaults: RetryDefaults = RETRY_DEFAULTS,
): RetrySettings {
  const clock = context.clock ?? systemClock;
  const maxAttempts = requireNumber('maxAttempts', options.maxAttempts ?? defaults.maxAttempts, {
    min: 1,
    integer: true,
  });
  const baseDelayMs = requireNumber('baseDelayMs', options.baseDelayMs ?? defaults.baseDelayMs, { above: 0 });
  const backoff: BackoffShape = {
    baseDelayMs,
    maxDelayMs: requireNumber('maxDelayMs', options.maxDelayMs ?? defaults.maxDelayMs, { min: baseDelayMs }),
    backoffMultiplier: requireNumber(
      'backoffMultiplier',
      options.backoffMultiplier ?? defaults.backoffMultiplier,
      { min: 1 },
    ),
    jitter: readJitter(options.jitter ?? true),
  };
  requireSignal(options.signal);
  requireRetryableErrors(options.retryableErrors);
  return {
    maxAttempts,
    backoff,
    signal: options.signal,
    deadline: readDeadline(options.deadline, clock),
    clock,
    random: context.random ?? Math.random,
  };
}

function readJitter(jitter: boolean | Jitter): Jitter {
  if (typeof jitter === 'boolean') return jitter ? 'full' : 'none';
  if (JITTERS.includes(jitter)) return jitter;
  throw new InvalidOptionError('jitter', jitter, `a boolean or one of ${JITTERS.join(', ')}`);
}

function readDeadline(deadline: Deadline | number | undefined, clock: Clock): Deadline | undefined {
  if (deadline === undefined) return undefined;
  if (typeof deadline === 'object' && deadline !== null && typeof deadline.remainingMs === 'function') {
    return deadline;
  }
  return createDeadline(deadline as number, clock);
}

function requireSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InvalidOptionError('signal', signal, 'an AbortSignal');
}

function requireRetryableErrors(retryable: unknown): void {
  if (retryable === undefined || typeof retryable === 'function') return;
  if (Array.isArray(retryable) && retryable.every((code) => typeof code === 'string')) return;
  throw new InvalidOptionError('retryableErrors', retryable, 'an array of codes or a predicate');
}
