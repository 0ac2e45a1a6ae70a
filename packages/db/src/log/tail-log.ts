import { MAX_TIMER_MS, requireNumber } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { openLogListener } from './listener';
import { type LogRequest, type LogStretch, readLog } from './read-log';

export interface TailLogOptions extends LogRequest {
  /** Ends the tail: the iteration finishes, without an error. */
  readonly signal: AbortSignal;
  /** How long a lost announcement may go unnoticed, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** Wait before looking again while the log is held back, in milliseconds. Default 20. */
  readonly heldBackMs?: number;
}

/** Defaults of `tailLog`, in milliseconds. */
export const TAIL_LOG_DEFAULTS = Object.freeze({ pollMs: 1_000, heldBackMs: 20 });

/**
 * Follows the log from a cursor on: stretches of at least one event each, as soon as they can be read, until the signal aborts.
 * Woken by announcements, and looks by itself every `pollMs`. An error of the database ends it; the cursor of the last stretch is
 * where to begin anew.
 *
 * @throws InvalidCursorError, InvalidLimitError, InvalidOptionError
 */
export async function* tailLog(
  dataSource: DataSource,
  { signal, after, ...options }: TailLogOptions,
): AsyncGenerator<LogStretch, void, undefined> {
  const range = { min: 1, max: MAX_TIMER_MS };
  const pollMs = requireNumber('pollMs', options.pollMs ?? TAIL_LOG_DEFAULTS.pollMs, range);
  const heldBackMs = requireNumber('heldBackMs', options.heldBackMs ?? TAIL_LOG_DEFAULTS.heldBackMs, range);
  const { limit, keyHash, watermark } = options;
  const listener = openLogListener(dataSource, { signal });
  let cursor = after;
  let waitMs = heldBackMs;
  try {
    while (!signal.aborted) {
      const stretch = await readLog(dataSource, { after: cursor, limit, keyHash, watermark });
      cursor = stretch.cursor;
      if (stretch.events.length > 0) {
        waitMs = heldBackMs;
        yield stretch;
      } else if (!stretch.isMore && stretch.heldBackBy !== undefined) {
        // A transaction that runs long is asked for less and less often.
        await listener.wait(waitMs);
        waitMs = Math.min(2 * waitMs, pollMs);
      } else if (!stretch.isMore) {
        waitMs = heldBackMs;
        await listener.wait(pollMs);
      }
    }
  } finally {
    await listener.close();
  }
}
