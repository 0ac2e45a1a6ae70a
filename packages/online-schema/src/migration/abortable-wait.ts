import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { signalOf } from './run-context';

const POLL_MS = 250;

/**
 * Asks until the answer is yes. Between two questions the session is idle and holds no snapshot: one that waited
 * inside a statement would be waited for in turn by every CREATE INDEX CONCURRENTLY.
 *
 * @throws an AbortError when the run's signal aborts during a pause.
 */
export async function pollUntil(runner: QueryRunner, isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) {
    const signal = signalOf(runner);
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/** Lets nothing new begin once the run's signal has aborted. */
export function throwIfAborted(runner: QueryRunner): void {
  const signal = signalOf(runner);
  if (signal?.aborted) throw new AbortedError(signal.reason);
}

/** Whether the error says that something was ended by its signal, in which case nothing has failed. */
export function isAbortError(error: unknown): boolean {
  return (error as { name?: unknown } | null | undefined)?.name === 'AbortError';
}

/** As Node's own waits fail, whatever the signal's reason is. */
class AbortedError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor(reason: unknown) {
    super('The operation was aborted', { cause: reason });
  }
}
