import autocannon from 'autocannon';
import { readServerCpuMs } from '../server-cpu';
import { type CpuShares, measureCpu } from './process-cpu';
import type { WorkRequest } from './workloads';

/** What a server did for clients that each wait for an answer before they ask again. */
export interface ClosedFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx, and requests without an answer. */
  readonly failed: number;
  readonly cpu: CpuShares;
  /** Processor time of the server for one request, in ms. */
  readonly serverMsPerRequest: number | undefined;
  /** That of all processes of the database, in ms; undefined where the system does not tell. */
  readonly databaseMsPerRequest: number | undefined;
}

export interface ClosedLoop {
  readonly address: string;
  readonly pid: number;
  /** The database's. */
  readonly postmasterPid: number;
  readonly connections: number;
  readonly durationMs: number;
}

/** Asks as fast as so many connections can. */
export async function runClosedLoop(
  { address, pid, postmasterPid, connections, durationMs }: ClosedLoop,
  createRequest: () => WorkRequest,
): Promise<ClosedFigures> {
  const beforeMs = readServerCpuMs(postmasterPid);
  const { value, cpu } = await measureCpu(pid, () =>
    autocannon({
      url: address,
      connections,
      duration: durationMs / 1_000,
      requests: [{ setupRequest: (request) => ({ ...request, ...createRequest() }) }],
    }),
  );
  const databaseMs = readServerCpuMs(postmasterPid) - beforeMs;
  const seconds = value.duration;
  const answered = value['2xx'] + value.non2xx;
  return {
    requestsPerSecond: value['2xx'] / seconds,
    p50Ms: value.latency.p50,
    p99Ms: value.latency.p99,
    failed: value.non2xx + value.errors + value.timeouts,
    cpu,
    serverMsPerRequest: cpu.server && (cpu.server * seconds * 1_000) / answered,
    databaseMsPerRequest: Number.isNaN(databaseMs) ? undefined : databaseMs / answered,
  };
}
