import { InvalidOptionError, MAX_TIMER_MS, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import { requireUrl } from '../connection/require-url';
import { type PoolSettings, requirePoolOptions, requirePoolSettings } from '../pool/pool-settings';
import { requireObject } from '../pool/require-option';

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
 * @param primaryPool what the pools of replicas have where `pool` says nothing else.
 * @throws InvalidOptionError naming the option as `replicas.<name>`, the value and what is allowed.
 */
export function requireReplicaSettings(settings: ReplicaSettings | undefined, primaryPool: PoolSettings) {
  if (settings === undefined) return undefined;
  requireObject('replicas', settings, 'an object with urls');
  requireKnownOptions('replicas', settings, ['urls', 'maxLagMs', 'checkMs', 'waitMs', 'pool']);
  const { urls, pool = {}, maxLagMs, checkMs, waitMs } = { ...REPLICA_DEFAULTS, ...settings };
  if (!Array.isArray(urls)) {
    // A single URL given by mistake holds a password.
    const shown = typeof urls === 'string' ? 'a text' : urls;
    throw new InvalidOptionError('replicas.urls', shown, 'an array of connection URLs');
  }
  requirePoolOptions(pool, 'replicas.pool');
  for (const [at, url] of urls.entries()) requireUrl(`replicas.urls[${at}]`, url);
  const valid = {
    urls: Object.freeze([...urls]),
    pool: requirePoolSettings({ ...primaryPool, ...pool }, 'replicas.pool'),
    maxLagMs: requireNumber('replicas.maxLagMs', maxLagMs, TIME),
    checkMs: requireNumber('replicas.checkMs', checkMs, TIME),
    waitMs: requireNumber('replicas.waitMs', waitMs, { ...TIME, min: 0 }),
  };
  return urls.length === 0 ? undefined : Object.freeze(valid);
}

/** Settings in which nothing is missing. */
export type RequiredReplicaSettings = NonNullable<ReturnType<typeof requireReplicaSettings>>;
