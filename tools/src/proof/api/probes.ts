import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@holdfast/db';
import { STREAM_TYPE } from './books';
import type { Send } from './http-client';

/** One look at the service, on the clock of `performance.now()`. */
export interface Look {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly isGood: boolean;
}

const LIVEZ_PAUSE_MS = 20;
const SERVICE_PAUSE_MS = 25;
/** How long a look at the service may take, in seconds: what takes longer is not back. */
const SERVICE_LIMIT = '0.5';
/** Of the orchestrator's: a process that takes longer to say that it is alive is taken for dead. */
const LIVEZ_LIMIT_MS = 1_000;

/** Asks again and again, until the signal aborts, whether the process is alive. */
export function watchLiveness(send: Send, signal: AbortSignal): Promise<readonly Look[]> {
  return watch(signal, LIVEZ_PAUSE_MS, async () => {
    const startedMs = performance.now();
    const answer = await send({ path: '/livez' });
    return answer?.status === 200 && performance.now() - startedMs < LIVEZ_LIMIT_MS;
  });
}

/** Appends and reads back again and again, without waiting when it is told to, until the signal aborts. */
export function watchService(send: Send, signal: AbortSignal): Promise<readonly Look[]> {
  const headers = { 'request-timeout': SERVICE_LIMIT };
  return watch(signal, SERVICE_PAUSE_MS, async () => {
    const [aggregateId, token] = [newId(), `look ${newId()}`];
    const events = [{ eventType: 'proof.looked', payload: { token } }];
    const body = { aggregateType: STREAM_TYPE, aggregateId, expectedVersion: 0, events };
    const written = await send({ method: 'POST', path: '/v1/events', body, headers });
    if (written?.status !== 201) return false;
    const read = await send({ path: `/v1/events/${written.body.events[0].id}`, headers });
    return read?.status === 200;
  });
}

async function watch(
  signal: AbortSignal,
  pauseMs: number,
  look: () => Promise<boolean>,
): Promise<readonly Look[]> {
  const looks: Look[] = [];
  while (!signal.aborted) {
    const startedMs = performance.now();
    const isGood = await look();
    looks.push({ startedMs, endedMs: performance.now(), isGood });
    await sleep(pauseMs);
  }
  return looks;
}

/** From a moment until the first good look after it has ended, in ms; infinite where there is none. */
export function measureReturn(looks: readonly Look[], fromMs: number): number {
  const good = looks.find(({ endedMs, isGood }) => isGood && endedMs >= fromMs);
  return good === undefined ? Number.POSITIVE_INFINITY : good.endedMs - fromMs;
}
