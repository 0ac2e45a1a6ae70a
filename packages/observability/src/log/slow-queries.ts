import { AsyncResource } from 'node:async_hooks';
import type { DatabaseEventSource } from '../database/database-events';
import { describeStatement } from '../database/describe-statement';
import { readErrorType } from '../database/error-type';
import { requireNumber } from '../require-number';
import type { Logger } from './logger';

export interface SlowQueriesOptions {
  /** A statement is slow when waiting for the connection and running took so long together. Default: 500. */
  readonly thresholdMs?: number;
  /** Slow statements beyond so many in one second are counted in a single line. Default: 10. */
  readonly maxLinesPerSecond?: number;
}

const DEFAULTS = Object.freeze({ thresholdMs: 500, maxLinesPerSecond: 10 });
const WINDOW_MS = 1_000;
/** Enough to know a statement again. */
const MAX_STATEMENT_LENGTH = 1_000;

/**
 * Writes one warning for every slow statement, with the time it waited for its connection and the time it ran: the first
 * is cured in the pool, the second in the database. Values are not written: see `describeStatement`.
 *
 * When the database is slow as a whole, every statement is. A line for each would burden the process just then and say
 * the same again, so lines are bounded, and the rest of a second becomes one line with its number and the slowest.
 *
 * @returns what ends it; what was counted until then is written.
 * @throws InvalidOptionError
 */
export function logSlowQueries(
  source: DatabaseEventSource,
  logger: Pick<Logger, 'warn'>,
  options: SlowQueriesOptions = {},
): () => void {
  const { thresholdMs, maxLinesPerSecond } = { ...DEFAULTS, ...options };
  requireNumber('thresholdMs', thresholdMs, 0);
  requireNumber('maxLinesPerSecond', maxLinesPerSecond, 1);

  let timer: NodeJS.Timeout | undefined;
  let written = 0;
  let unwritten = 0;
  let slowestMs = 0;

  // Bound to where it is made: a timer runs in the context of the request that started it, and would name its id.
  const closeSecond = AsyncResource.bind(() => {
    clearTimeout(timer);
    const count = unwritten;
    const fields = { count, slowestMs: round(slowestMs), thresholdMs };
    timer = undefined;
    written = unwritten = slowestMs = 0;
    if (count > 0) logger.warn('More statements were slow', fields);
  });

  const leave = source.on('operation', (statement) => {
    const { pool, text, operation, durationMs, waitMs, requestId, error } = statement;
    const totalMs = waitMs + durationMs;
    if (totalMs < thresholdMs) return;
    // Only while statements are slow, and never what keeps the process alive.
    timer ??= setTimeout(closeSecond, WINDOW_MS).unref();
    if (written >= maxLinesPerSecond) {
      unwritten += 1;
      slowestMs = Math.max(slowestMs, totalMs);
      return;
    }
    written += 1;
    logger.warn('Slow statement', {
      pool,
      operation,
      waitMs: round(waitMs),
      durationMs: round(durationMs),
      statement: describeStatement(text, MAX_STATEMENT_LENGTH),
      ...(requestId === undefined ? {} : { requestId }),
      ...(error === undefined ? {} : { errorCode: readErrorType(error) }),
    });
  });

  return () => {
    leave();
    closeSecond();
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
