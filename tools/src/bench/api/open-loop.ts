import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { createRandom, drawExponential } from '../../proof/random';
import { type CpuShares, measureCpu } from './process-cpu';
import type { WorkRequest } from './workloads';

/**
 * What a server did for clients that do not wait for each other. Latencies count from when a request was due, not from when it could be
 * sent: a client that is held up by the answers before would leave out those that had to wait (coordinated omission).
 */
export interface OpenFigures {
  /** Requests per second that were due. */
  readonly offered: number;
  /** Of the requests: answered with 2xx, refused with 429 or 503, and everything else. */
  readonly accepted: number;
  readonly refused: number;
  readonly failed: number;
  readonly acceptedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly refusedP99Ms: number;
  /** How much later than due the client sent, 99th percentile: what it adds to all latencies by itself. */
  readonly lagP99Ms: number;
  readonly cpu: CpuShares;
}

export interface OpenLoop {
  readonly address: string;
  readonly pid: number;
  readonly requestsPerSecond: number;
  /** Before that the rate rises from nothing, and nothing counts. */
  readonly rampMs: number;
  readonly durationMs: number;
  readonly seed: number;
}

/** How long answers are waited for when no request is due any more. */
const PATIENCE_MS = 5_000;
/** Requests that wait for an answer at once; what comes then has failed, as where a client runs out of ports. */
const MOST_WAITING = 4_000;
/**
 * That clients keep, as a proxy in front does; a request waits where all are busy. They are opened before anything counts: Node accepts one
 * connection in a turn of its event loop, so that new ones wait for seconds where there is more than is borne.
 */
export const CONNECTIONS = 1_000;
const TICK_MS = 1;
/** Than any run takes: connections that rest are kept. */
const LONGER_MS = 600_000;
/** Of the rate, at the beginning of its rise. */
const SLOWEST = 0.02;

interface Records {
  readonly acceptedMs: number[];
  readonly refusedMs: number[];
  readonly lagMs: number[];
  failed: number;
  waiting: number;
}

const createRecords = (): Records => ({ acceptedMs: [], refusedMs: [], lagMs: [], failed: 0, waiting: 0 });

/** Requests are due at random moments, at a rate that nothing slows down. */
export async function runOpenLoop(
  { address, pid, requestsPerSecond, rampMs, durationMs, seed }: OpenLoop,
  createRequest: () => WorkRequest,
): Promise<OpenFigures> {
  const pool = new Pool(address, { connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: LONGER_MS });
  const random = createRandom(seed, 'arrivals');
  const arrive = async (
    lastMs: number,
    rateAt: (passedMs: number) => number,
    into: Records,
  ): Promise<void> => {
    const startedMs = performance.now();
    let dueMs = startedMs + drawExponential(1_000 / rateAt(0), random);
    while (dueMs < startedMs + lastMs) {
      while (dueMs <= performance.now() && dueMs < startedMs + lastMs) {
        send(pool, createRequest(), dueMs, into);
        dueMs += drawExponential(1_000 / rateAt(dueMs - startedMs), random);
      }
      await sleep(TICK_MS);
    }
  };
  const rise = (passedMs: number) => requestsPerSecond * Math.max(SLOWEST, passedMs / rampMs);
  const opening = createRecords();
  for (let opened = 0; opened < CONNECTIONS; opened += 1) {
    send(pool, createRequest(), performance.now(), opening);
  }
  while (opening.waiting > 0) await sleep(TICK_MS);
  if (rampMs > 0) await arrive(rampMs, rise, createRecords());
  const records = createRecords();
  const { cpu } = await measureCpu(pid, () => arrive(durationMs, () => requestsPerSecond, records));
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (records.waiting > 0 && performance.now() < giveUpAtMs) await sleep(TICK_MS);
  records.failed += records.waiting;
  await pool.destroy();
  return describe(records, { requestsPerSecond, durationMs, cpu });
}

function send(
  pool: Pool,
  { method, path, headers, body }: WorkRequest,
  dueMs: number,
  records: Records,
): void {
  records.lagMs.push(performance.now() - dueMs);
  if (records.waiting >= MOST_WAITING) {
    records.failed += 1;
    return;
  }
  records.waiting += 1;
  let isOver = false;
  const end = (note: () => void): void => {
    if (isOver) return;
    isOver = true;
    records.waiting -= 1;
    note();
  };
  const fail = () => end(() => (records.failed += 1));
  const note = (status: number): void => {
    const tookMs = performance.now() - dueMs;
    if (status >= 200 && status < 300) end(() => records.acceptedMs.push(tookMs));
    else if (status === 429 || status === 503) end(() => records.refusedMs.push(tookMs));
    else fail();
  };
  pool.dispatch({ method, path, headers: { ...headers }, body: body ?? null }, hearAnswer(note, fail));
}

/** The least that hears of an answer: it takes half of the processor time that `node:http` does. */
function hearAnswer(onStatus: (status: number) => void, onError: () => void): Dispatcher.DispatchHandlers {
  let status = 0;
  return {
    onConnect: () => {},
    onHeaders: (statusCode) => {
      status = statusCode;
      return true;
    },
    onData: () => true,
    onComplete: () => onStatus(status),
    onError,
  };
}

function describe(
  { acceptedMs, refusedMs, lagMs, failed }: Records,
  {
    requestsPerSecond,
    durationMs,
    cpu,
  }: Pick<OpenLoop, 'requestsPerSecond' | 'durationMs'> & { readonly cpu: CpuShares },
): OpenFigures {
  return {
    offered: requestsPerSecond,
    accepted: acceptedMs.length,
    refused: refusedMs.length,
    failed,
    acceptedPerSecond: (acceptedMs.length / durationMs) * 1_000,
    p50Ms: percentile(acceptedMs, 0.5),
    p99Ms: percentile(acceptedMs, 0.99),
    refusedP99Ms: percentile(refusedMs, 0.99),
    lagP99Ms: percentile(lagMs, 0.99),
    cpu,
  };
}

/** The smallest sample that so great a part is not above; 0 where there is none. */
function percentile(samples: readonly number[], part: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}
