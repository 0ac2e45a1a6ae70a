import { InvalidOptionError, MAX_TIMER_MS, type NumberRange, requireNumber } from '@holdfast/resilience';

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
}

const RANGES = Object.freeze({
  min: { min: 0, integer: true },
  max: { min: 1, integer: true },
  idleMs: { min: 1, max: MAX_TIMER_MS, integer: true },
  acquireMs: { min: 1, max: MAX_TIMER_MS, integer: true },
  createMs: { min: 1, max: MAX_TIMER_MS, integer: true },
  destroyMs: { min: 1, max: MAX_TIMER_MS, integer: true },
  createRetryMs: { min: 1, max: MAX_TIMER_MS, integer: true },
}) satisfies Record<keyof PoolSettings, NumberRange>;

/**
 * Returns a frozen copy of settings in which every value lies within its range.
 * @throws InvalidOptionError naming the option as `pool.<name>`, its value and what is allowed.
 */
export function requirePoolSettings(settings: PoolSettings): PoolSettings {
  const names = Object.keys(RANGES) as (keyof PoolSettings)[];
  const valid = Object.fromEntries(
    names.map((name) => [name, requireNumber(`pool.${name}`, settings[name], RANGES[name])]),
  ) as Record<keyof PoolSettings, number>;
  if (valid.min > valid.max) {
    throw new InvalidOptionError('pool.min', valid.min, `at most pool.max, which is ${valid.max}`);
  }
  return Object.freeze(valid);
}
