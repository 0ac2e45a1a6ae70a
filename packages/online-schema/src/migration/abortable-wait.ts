import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';

const POLL_MS = 250;

// A migration is given nothing but its query runner, so that is what the signal is tied to.
const signals = new WeakMap<QueryRunner, AbortSignal>();

/** Lets the signal end whatever migrations wait for on this runner; under the plain typeorm CLI there is none. */
export function abortWaitsWith(runner: QueryRunner, signal: AbortSignal): void {
  signals.set(runner, signal);
}

/**
 * Asks until the answer is yes. Between two questions the session is idle and holds no snapshot: one that waited
 * inside a statement would be waited for in turn by every CREATE INDEX CONCURRENTLY.
 */
export async function pollUntil(runner: QueryRunner, isDone: () => Promise<boolean>): Promise<void> {
  const signal = signals.get(runner);
  while (!(await isDone())) await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
}

/** Whether the error says that a wait was ended by its signal, in which case nothing has failed. */
export function isAbortError(error: unknown): boolean {
  return (error as { name?: unknown } | null | undefined)?.name === 'AbortError';
}
