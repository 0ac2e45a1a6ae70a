import {
  InvalidOptionError,
  MAX_TIMER_MS,
  type NumberRange,
  requireKnownOptions,
  requireNumber,
} from '@holdfast/resilience';
import { requireObject } from './require-option';

/** How a connection pool is sized and how long it waits. All times in milliseconds, all values integers. */
export interface PoolSettings {
  /** Connections kept open: opened in the background after the first one, and refilled. From 0 to `max`. */
  readonly min: number;
  /** Connections at most. At least 1. */
  readonly max: number;
  /** A connection above `min` that is not used for so long is closed. */
  readonly idleMs: number;
  /** A caller waits so long for a connection: queueing, opening, and every repeated opening together. */
  readonly acquireMs: number;
  /** One opening may take so long: name look-up, handshake, login and the first round trip together. */
  readonly createMs: number;
  /** Closing the pool waits so long for connections to be returned and to say goodbye; then sockets are destroyed. */
  readonly destroyMs: number;
  /** After an opening failed in a way that may pass, no other is tried for so long. */
  readonly createRetryMs: number;
  /**
   * A connection is closed at this age, or up to a quarter earlier, so that connections opened together are not closed
   * together. 0: never. Default 1 800 000 (half an hour).
   */
  readonly lifetimeMs?: number;
  /** A connection that was idle for so long answers an empty query before anybody gets it. 0: each time. Default 30 000. */
  readonly validateAfterMs?: number;
  /** Whoever holds a connection for so long is reported, once, with the stack that acquired it. 0: nobody. Default 0. */
  readonly leakMs?: number;
}

/** Settings that may be left out. */
export const POOL_DEFAULTS = Object.freeze({ lifetimeMs: 1_800_000, validateAfterMs: 30_000, leakMs: 0 });

const TIME = { min: 1, max: MAX_TIMER_MS, integer: true } as const;
const TIME_OR_NONE = { min: 0, max: MAX_TIMER_MS, integer: true } as const;

const RANGES = Object.freeze({
  min: { min: 0, integer: true },
  max: { min: 1, integer: true },
  idleMs: TIME,
  acquireMs: TIME,
  createMs: TIME,
  destroyMs: TIME,
  createRetryMs: TIME,
  lifetimeMs: TIME_OR_NONE,
  validateAfterMs: TIME_OR_NONE,
  leakMs: TIME_OR_NONE,
}) satisfies Record<keyof PoolSettings, NumberRange>;

const NAMES = Object.freeze(Object.keys(RANGES) as (keyof PoolSettings)[]);

/**
 * Returns a frozen copy of settings in which nothing is missing and every value lies within its range.
 * @param option what errors call the settings. Default `pool`.
 * @throws InvalidOptionError naming the option as `pool.<name>`, its value and what is allowed.
 */
export function requirePoolSettings(settings: PoolSettings, option = 'pool'): Required<PoolSettings> {
  requirePoolOptions(settings, option);
  const given = { ...POOL_DEFAULTS, ...settings };
  const valid = Object.fromEntries(
    NAMES.map((name) => [name, requireNumber(`${option}.${name}`, given[name], RANGES[name])]),
  ) as unknown as Required<PoolSettings>;
  if (valid.min > valid.max) {
    throw new InvalidOptionError(`${option}.min`, valid.min, `at most ${option}.max, which is ${valid.max}`);
  }
  return Object.freeze(valid);
}

/** @throws InvalidOptionError unless the value can hold settings of a pool, and holds no others. */
export function requirePoolOptions(settings: unknown, option: string): void {
  requireObject(option, settings, 'an object with settings of a pool');
  requireKnownOptions(option, settings, NAMES);
}
