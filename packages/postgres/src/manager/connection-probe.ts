import { performance } from 'node:perf_hooks';
import { requireKnownOptions } from '@holdfast/resilience';
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

/** How a connection is tested. */
export interface ConnectionTestOptions {
  /** A test that takes longer has failed. Default 5000. */
  readonly timeoutMs?: number;
}

const DEFAULTS = Object.freeze({ timeoutMs: 5_000 });

/** Asks the server for a sign of life through the pool, in bounded time. Never rejects. */
export async function testServer(
  dataSource: DataSource,
  options: ConnectionTestOptions,
): Promise<ConnectionTest> {
  const startedMs = performance.now();
  try {
    requireKnownOptions('testConnection', options, ['timeoutMs']);
    const { timeoutMs = DEFAULTS.timeoutMs } = options;
    return { ok: true, ...(await probeServer(dataSource, { timeoutMs })) };
  } catch (error) {
    return {
      ok: false,
      error: explainFailedTest(error, dataSource),
      latencyMs: performance.now() - startedMs,
    };
  }
}

/** Says in one line why the server could not be reached, for whoever has to mend it. */
export function explainFailedTest(error: unknown, dataSource: DataSource): Error {
  // A probe that came too late says more than the timeout behind it.
  const isSaid = error instanceof ProbeTimeoutError || readConnectionFailure(error) === undefined;
  if (isSaid && error instanceof Error) return error;
  return describeConnectionFailure(error, readDataSourceTarget(dataSource));
}
