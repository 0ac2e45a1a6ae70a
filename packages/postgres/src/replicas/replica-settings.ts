import { InvalidOptionError, MAX_TIMER_MS, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { PoolSettings } from '../pool/pool-settings';

/** Standbys that answer questions, and may become the primary. All times in milliseconds. */
export interface ReplicaSettings {
  /** `postgres://user:password@host:port/database`, one for each standby. */
  readonly urls: readonly string[];
  /** A replica that is further behind gets no reads. Default 5000. */
  readonly maxLagMs?: number;
  /** Time from one look at the replicas to the next. Default 1000. */
  readonly checkMs?: number;
  /** So long a read waits for a replica to catch up with its read session; then it goes to the primary. Default 100. */
  readonly waitMs?: number;
  /** What the pool of each replica has different from that of the primary. */
  readonly pool?: Partial<PoolSettings>;
}

/** Settings of replicas that may be left out. */
export const REPLICA_DEFAULTS = Object.freeze({ maxLagMs: 5_000, checkMs: 1_000, waitMs: 100 });

const TIME = { min: 1, max: MAX_TIMER_MS, integer: true } as const;

/**
 * Returns a frozen copy in which nothing is missing, or undefined without replicas.
 * @throws InvalidOptionError naming the option as `replicas.<name>`, the value and what is allowed.
 */
export function requireReplicaSettings(settings: ReplicaSettings | undefined) {
  if (settings === undefined || settings.urls?.length === 0) return undefined;
  requireKnownOptions('replicas', settings, ['urls', 'maxLagMs', 'checkMs', 'waitMs', 'pool']);
  const { urls, pool = {}, maxLagMs, checkMs, waitMs } = { ...REPLICA_DEFAULTS, ...settings };
  if (!Array.isArray(urls) || !urls.every((url) => typeof url === 'string' && url !== '')) {
    throw new InvalidOptionError('replicas.urls', undefined, 'a list of connection URLs');
  }
  return Object.freeze({
    urls: Object.freeze([...urls]),
    pool,
    maxLagMs: requireNumber('replicas.maxLagMs', maxLagMs, TIME),
    checkMs: requireNumber('replicas.checkMs', checkMs, TIME),
    waitMs: requireNumber('replicas.waitMs', waitMs, { ...TIME, min: 0 }),
  });
}

/** Settings in which nothing is missing. */
export type RequiredReplicaSettings = NonNullable<ReturnType<typeof requireReplicaSettings>>;
