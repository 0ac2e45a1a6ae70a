import { MAX_TIMER_MS, requireNumber, type StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { type LogListener, openLogListener } from './listener';
import { TAIL_LOG_DEFAULTS } from './tail-log';
import { LogPrivilegeError, type LogReading, LogUnsafeError, type SettledPosition } from './watermark';
import { watermarkOf } from './watermarks';

export interface LogFeedOptions {
  /** How long a lost announcement may go unnoticed, in milliseconds. Default 1000. */
  readonly pollMs?: number | undefined;
  /** Wait before looking again while the log is held back, in milliseconds. Default 20. */
  readonly heldBackMs?: number | undefined;
  /** Told when a look fails; it is tried again. Default: nobody. */
  readonly logger?: StructuredLogger | undefined;
}

interface FeedWait {
  /** How far whoever waits has read; undefined before they have. */
  readonly seen: SettledPosition | undefined;
  readonly signal: AbortSignal;
  /** In milliseconds. */
  readonly longestMs: number;
}

/** Tells any number of readers in a process when there is more of the log to read. */
export interface LogFeed {
  /**
   * Resolves with how far the log can be read, as soon as that is further than what was seen or of another run of the server; with
   * undefined after `longestMs`, or when the signal aborts or the feed is closed.
   *
   * @throws LogPrivilegeError, LogUnsafeError
   */
  wait(wait: FeedWait): Promise<LogReading | undefined>;
  /** Nobody waits any more, and its connection is closed. */
  close(): Promise<void>;
}

interface Waiter {
  readonly seen: SettledPosition | undefined;
  readonly resolve: (reading: LogReading | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Opens a feed of the log. However many wait, it looks once for all of them, and listens on one connection, which is opened when the
 * first one waits. While nobody waits it does not look.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function openLogFeed(dataSource: DataSource, options: LogFeedOptions = {}): LogFeed {
  const range = { min: 1, max: MAX_TIMER_MS };
  const pollMs = requireNumber('pollMs', options.pollMs ?? TAIL_LOG_DEFAULTS.pollMs, range);
  const heldBackMs = requireNumber('heldBackMs', options.heldBackMs ?? TAIL_LOG_DEFAULTS.heldBackMs, range);
  const { logger } = options;
  const watermark = watermarkOf(dataSource);
  const closing = new AbortController();
  const waiters = new Set<Waiter>();
  let listener: LogListener | undefined;
  let latest: LogReading | undefined;
  let running: Promise<void> | undefined;

  const tell = (reading: LogReading): void => {
    latest = reading;
    for (const waiter of waiters) if (isBeyond(reading, waiter.seen)) waiter.resolve(reading);
  };
  /** Whether the log is held back, so that more may come without an announcement. */
  const look = async (): Promise<boolean> => {
    try {
      const reading = await watermark.advance(dataSource.manager);
      tell(reading);
      return reading.heldBackBy !== undefined;
    } catch (error) {
      if (error instanceof LogPrivilegeError || error instanceof LogUnsafeError) {
        for (const waiter of waiters) waiter.reject(error);
      } else logger?.warn('The log could not be looked at', { error });
      return false;
    }
  };
  const run = async (): Promise<void> => {
    listener ??= openLogListener(dataSource, { signal: closing.signal, logger });
    let waitMs = heldBackMs;
    while (waiters.size > 0 && !closing.signal.aborted) {
      const isHeldBack = await look();
      if (waiters.size === 0) break;
      await listener.wait(isHeldBack ? waitMs : pollMs);
      waitMs = isHeldBack ? Math.min(2 * waitMs, pollMs) : heldBackMs;
    }
    running = undefined;
  };

  return {
    wait({ seen, signal, longestMs }) {
      if (signal.aborted || closing.signal.aborted) return Promise.resolve(undefined);
      if (latest !== undefined && isBeyond(latest, seen)) return Promise.resolve(latest);
      return new Promise((resolve, reject) => {
        const end = (): void => {
          waiters.delete(waiter);
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
        };
        const giveUp = (): void => {
          end();
          resolve(undefined);
        };
        const waiter: Waiter = {
          seen,
          resolve: (reading) => {
            end();
            resolve(reading);
          },
          reject: (error) => {
            end();
            reject(error);
          },
        };
        const timer = setTimeout(giveUp, longestMs);
        signal.addEventListener('abort', giveUp);
        waiters.add(waiter);
        running ??= run();
      });
    },
    async close() {
      closing.abort();
      for (const waiter of waiters) waiter.resolve(undefined);
      await running;
      await listener?.close();
    },
  };
}

function isBeyond({ settled }: LogReading, seen: SettledPosition | undefined): boolean {
  if (seen === undefined || seen.serverRun !== settled.serverRun) return true;
  return BigInt(settled.position) > BigInt(seen.position);
}
