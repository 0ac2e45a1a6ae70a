import { performance } from 'node:perf_hooks';
import type { DataSource } from 'typeorm';
import { describeConnectionFailure, readConnectionFailure } from '../connection/connection-failure';
import { readDataSourceTarget } from '../data-source/data-source-target';
import { ProbeTimeoutError, probeServer, type ServerProbe } from '../data-source/probe';

/** Whether the server works, and if not, why. */
export type ConnectionTest = ConnectionTestPassed | ConnectionTestFailed;

interface ConnectionTestPassed extends ServerProbe {
  readonly ok: true;
}

interface ConnectionTestFailed {
  readonly ok: false;
  /**
   * DatabaseConnectionError with one line for whoever has to mend it, ProbeTimeoutError, DataSourceNotOpenError,
   * PoolClosedError, InvalidOptionError for the timeout, or what else the server answered.
   */
  readonly error: Error;
  /** Time until this was known, in milliseconds. */
  readonly latencyMs: number;
}

/** Asks the server for a sign of life through the pool, in bounded time. Never rejects. */
export async function testServer(dataSource: DataSource, timeoutMs: number): Promise<ConnectionTest> {
  const startedMs = performance.now();
  try {
    return { ok: true, ...(await probeServer(dataSource, { timeoutMs })) };
  } catch (error) {
    return { ok: false, error: explain(error, dataSource), latencyMs: performance.now() - startedMs };
  }
}

function explain(error: unknown, dataSource: DataSource): Error {
  // A probe that came too late says more than the timeout behind it.
  const isSaid = error instanceof ProbeTimeoutError || readConnectionFailure(error) === undefined;
  if (isSaid && error instanceof Error) return error;
  return describeConnectionFailure(error, readDataSourceTarget(dataSource));
}
