import { performance } from 'node:perf_hooks';
import { MAX_TIMER_MS, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { HoldfastPool } from '../pool/pool';
import { ConnectTimeoutError, PoolExhaustedError } from '../pool/pool-error';
import { requirePool } from './pool-registry';

/** What a server answers when it is asked whether it can work. */
export interface ServerProbe {
  /** Time of the round trip, without the wait for a connection, in milliseconds. */
  readonly latencyMs: number;
  /** As in `17.4`. */
  readonly serverVersion: string;
  /** False on a standby. */
  readonly isPrimary: boolean;
}

/** The server did not answer a probe in time. `stage` tells whether a connection or the answer was missing. */
export class ProbeTimeoutError extends Error {
  override readonly name = 'ProbeTimeoutError';
  readonly code = 'PROBE_TIMEOUT';

  constructor(
    readonly timeoutMs: number,
    readonly stage: 'acquire' | 'answer',
    cause: unknown,
  ) {
    super(
      stage === 'acquire'
        ? `No connection for a probe within ${timeoutMs} ms`
        : `The database did not answer a probe within ${timeoutMs} ms`,
      { cause },
    );
  }
}

/**
 * Asks the server for a sign of life, in bounded time: a connection that does not answer is closed, not given back.
 * @throws ProbeTimeoutError after `timeoutMs`; DataSourceNotOpenError; InvalidOptionError; or why the server could not be
 * asked.
 */
export async function probeServer(
  dataSource: DataSource,
  options: { readonly timeoutMs: number },
): Promise<ServerProbe> {
  requireKnownOptions('probeServer', options, ['timeoutMs']);
  const { timeoutMs } = options;
  requireNumber('timeoutMs', timeoutMs, { min: 1, max: MAX_TIMER_MS });
  const deadlineMs = performance.now() + timeoutMs;
  const client = await acquire(requirePool(dataSource), timeoutMs);

  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      client.release(true);
    },
    Math.max(1, deadlineMs - performance.now()),
  );
  try {
    const answer = await ask(client);
    if (!timedOut) client.release();
    return answer;
  } catch (error) {
    if (timedOut) throw new ProbeTimeoutError(timeoutMs, 'answer', error);
    client.release(true);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function acquire(pool: HoldfastPool, timeoutMs: number): Promise<PoolClient> {
  try {
    return await pool.acquire({ acquireMs: timeoutMs });
  } catch (error) {
    const isLate = error instanceof PoolExhaustedError || error instanceof ConnectTimeoutError;
    throw isLate ? new ProbeTimeoutError(timeoutMs, 'acquire', error) : error;
  }
}

async function ask(client: PoolClient): Promise<ServerProbe> {
  const startedMs = performance.now();
  const { rows } = await client.query<{ version: string; isPrimary: boolean }>(`
    SELECT current_setting('server_version') AS "version",
           NOT pg_is_in_recovery() AS "isPrimary"
  `);
  const row = rows[0] ?? { version: '', isPrimary: false };
  return {
    latencyMs: performance.now() - startedMs,
    serverVersion: row.version,
    isPrimary: row.isPrimary,
  };
}
