import { MAX_TIMER_MS, requireNumber, type StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';

/** The channel that says that something was appended, and nothing else. */
export const EVENTS_CHANNEL = 'holdfast_events';

/** Defaults of `createLogAnnouncer`, in milliseconds. */
export const LOG_ANNOUNCER_DEFAULTS = Object.freeze({ minIntervalMs: 50 });

export interface LogAnnouncerOptions {
  /** Between two announcements of this process, in milliseconds. Default 50. */
  readonly minIntervalMs?: number;
  /** Told when an announcement fails; whoever waits for it finds the events by polling. Default: nobody. */
  readonly logger?: StructuredLogger;
}

/** Wakes those who wait for events. */
export interface LogAnnouncer {
  /**
   * Those who wait are woken soon. To be called once the append is committed: in its transaction NOTIFY would let one
   * commit at a time through. Never fails, and returns at once.
   */
  announce(): void;
  /** Nothing is announced any more; resolves when nothing is under way. */
  close(): Promise<void>;
}

/**
 * Makes an announcer over a DataSource: however many appends there are, it sends at most one NOTIFY in the interval, the first
 * at once.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function createLogAnnouncer(dataSource: DataSource, options: LogAnnouncerOptions = {}): LogAnnouncer {
  const { logger } = options;
  const minIntervalMs = requireNumber(
    'minIntervalMs',
    options.minIntervalMs ?? LOG_ANNOUNCER_DEFAULTS.minIntervalMs,
    { min: 1, max: MAX_TIMER_MS },
  );
  let isClosed = false;
  let isWanted = false;
  let running: Promise<void> | undefined;
  let wake: () => void = () => {};

  /** Sends, and rests for the interval, as long as there is something to announce. */
  const run = async (): Promise<void> => {
    while (isWanted && !isClosed) {
      isWanted = false;
      await dataSource
        .query(`select pg_notify('${EVENTS_CHANNEL}', '')`)
        .catch((error: unknown) => logger?.warn('Appended events could not be announced', { error }));
      if (isClosed) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, minIntervalMs).unref();
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    running = undefined;
  };
  return {
    announce() {
      if (isClosed) return;
      isWanted = true;
      running ??= run();
    },
    async close() {
      isClosed = true;
      wake();
      await running;
    },
  };
}
