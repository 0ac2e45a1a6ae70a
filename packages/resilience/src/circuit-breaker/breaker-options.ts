import { type Clock, MAX_TIMER_MS } from '../clock/clock';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import {
  requireClock,
  requireFunction,
  requireKnownOptions,
  requireLogger,
  requireName,
} from '../errors/require-option';
import type { StructuredLogger } from '../observe/structured-logger';
import { judgeAvailability } from './availability';
import { type TimeWindowOptions, timeWindow } from './time-window';
import type { TripRule } from './trip-rule';

/** What `circuitBreaker` may be told. Everything has a default. */
export interface CircuitBreakerOptions extends TimeWindowOptions {
  /** Opens the circuit by another rule, instead of `windowMs, failureRatio, slowCallRatio, minimumThroughput`. */
  readonly tripRule?: TripRule | undefined;
  /** A call that takes at least this long is slow, in milliseconds. Above 0. Default: none is. */
  readonly slowCallMs?: number | undefined;
  /** The first break, in milliseconds. Above 0. Default 5000. */
  readonly breakMs?: number | undefined;
  /** Breaks double up to this while trials fail, in milliseconds. At least `breakMs`. Default 30 000, or `breakMs` if that is more. */
  readonly maxBreakMs?: number | undefined;
  /** Trials that run at once when a break is over, and that must succeed to close the circuit. An integer of at least 1. Default 3. */
  readonly halfOpenPermits?: number | undefined;
  /** How long a trial may run before it counts as failed, in milliseconds. Above 0. Default 5000. */
  readonly halfOpenMaxWaitMs?: number | undefined;
  /**
   * What an error says of the dependency: that it failed (true), that it answered (false), or nothing (undefined), such as an
   * error from before it was asked. Replaces the built-in rule, `isAvailabilityFailure` and nothing for a bug (TypeError and
   * its like).
   */
  readonly isFailure?: ((error: unknown) => boolean | undefined) | undefined;
  /** Stands in errors, events and logs. */
  readonly name?: string | undefined;
  /** Receives one line per change of state. */
  readonly logger?: StructuredLogger | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

/** Defaults of `circuitBreaker`; those of its window are the defaults of `timeWindow`. */
export const CIRCUIT_BREAKER_DEFAULTS = Object.freeze({
  breakMs: 5000,
  maxBreakMs: 30_000,
  halfOpenPermits: 3,
  halfOpenMaxWaitMs: 5000,
});

/** Options after validation. */
export interface BreakerSettings {
  readonly rule: TripRule;
  readonly breakMs: number;
  readonly maxBreakMs: number;
  readonly halfOpenPermits: number;
  readonly halfOpenMaxWaitMs: number;
  readonly slowCallMs: number | undefined;
  readonly isFailure: (error: unknown) => boolean | undefined;
}

const WINDOW_OPTIONS = ['windowMs', 'failureRatio', 'slowCallRatio', 'minimumThroughput'] as const;
const OTHER_OPTIONS = [
  'tripRule',
  'slowCallMs',
  'breakMs',
  'maxBreakMs',
  'halfOpenPermits',
  'halfOpenMaxWaitMs',
  'isFailure',
  'name',
  'logger',
  'clock',
] as const satisfies readonly (keyof CircuitBreakerOptions)[];

/** Fills in defaults and validates. @throws InvalidOptionError naming the option, the value and the range. */
export function readBreakerSettings(options: CircuitBreakerOptions): BreakerSettings {
  requireKnownOptions('circuitBreaker', options, [...OTHER_OPTIONS, ...WINDOW_OPTIONS]);
  requireClock(options.clock);
  requireLogger(options.logger);
  requireName(options.name);
  requireFunction('isFailure', options.isFailure);
  const defaults = CIRCUIT_BREAKER_DEFAULTS;
  const timer = { above: 0, max: MAX_TIMER_MS };
  const breakMs = requireNumber('breakMs', options.breakMs ?? defaults.breakMs, timer);
  const { slowCallMs } = options;
  if (slowCallMs !== undefined) requireNumber('slowCallMs', slowCallMs, timer);
  if (options.slowCallRatio !== undefined && slowCallMs === undefined) {
    throw new InvalidOptionError('slowCallRatio', options.slowCallRatio, 'given together with slowCallMs');
  }
  return {
    rule: readTripRule(options),
    breakMs,
    maxBreakMs: requireNumber('maxBreakMs', options.maxBreakMs ?? Math.max(defaults.maxBreakMs, breakMs), {
      min: breakMs,
      max: MAX_TIMER_MS,
    }),
    halfOpenPermits: requireNumber('halfOpenPermits', options.halfOpenPermits ?? defaults.halfOpenPermits, {
      min: 1,
      integer: true,
    }),
    halfOpenMaxWaitMs: requireNumber(
      'halfOpenMaxWaitMs',
      options.halfOpenMaxWaitMs ?? defaults.halfOpenMaxWaitMs,
      timer,
    ),
    slowCallMs,
    isFailure: options.isFailure ?? judgeAvailability,
  };
}

function readTripRule(options: CircuitBreakerOptions): TripRule {
  const { tripRule, windowMs, failureRatio, slowCallRatio, minimumThroughput } = options;
  if (tripRule === undefined) return timeWindow({ windowMs, failureRatio, slowCallRatio, minimumThroughput });
  if (typeof tripRule?.createTally !== 'function') {
    throw new InvalidOptionError(
      'tripRule',
      tripRule,
      'timeWindow(), countWindow() or consecutiveFailures()',
    );
  }
  const given = WINDOW_OPTIONS.find((option) => options[option] !== undefined);
  if (given !== undefined)
    throw new InvalidOptionError(given, options[given], 'left out when tripRule is given');
  return tripRule;
}
