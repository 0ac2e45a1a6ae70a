import type { Logger } from '@holdfast/observability';
import { PoolExhaustedError, ProbeTimeoutError, probeServer } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';

/** `answered`: the database did. `pool-busy`: it was not asked, because requests hold every connection. */
export type Readiness = 'answered' | 'pool-busy';

/** Longest a readiness probe waits for the database, in ms: shorter than the patience of who asks. */
const PROBE_TIMEOUT_MS = 1_000;

/**
 * Tells whether requests can be served. A pool that is busy to its maximum is no reason to take an instance away: the
 * others would get its load as well. Work that hangs on a silent server looks the same until it fails; this errs on
 * the side of staying.
 *
 * @throws what `probeServer` throws, if the database does not answer or no connection to it can be opened.
 */
export async function probeReadiness(dataSource: DataSource, logger: Logger): Promise<Readiness> {
  try {
    await probeServer(dataSource, { timeoutMs: PROBE_TIMEOUT_MS });
    return 'answered';
  } catch (error) {
    if (isPoolBusy(error)) {
      logger.warn('No connection was free for the readiness probe', { error });
      return 'pool-busy';
    }
    logger.warn('The database does not answer the readiness probe', { error });
    throw error;
  }
}

/** The error tells what the pool looked like at the deadline; a moment later a connection may be free. */
function isPoolBusy(error: unknown): boolean {
  if (!(error instanceof ProbeTimeoutError) || error.stage !== 'acquire') return false;
  return error.cause instanceof PoolExhaustedError && error.cause.used >= error.cause.max;
}
