import { requireFunction, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import { LOCK_DEFAULTS } from '../migration/run-context';
import type { RunEvent } from './run-event';

/** What a run of migrations may be told. Everything has a default. */
export interface RunOptions {
  /** Told of everything that happens. Default: nobody. */
  readonly report?: ((event: RunEvent) => void) | undefined;
  /**
   * Ends the run: the statement under way is cancelled, what it began is cleared away, and no further one begins.
   * Default: none.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long a statement of a transaction may wait for a lock, and others behind it, in milliseconds. An integer of
   * at least 1. Default 200.
   */
  readonly lockTimeoutMs?: number | undefined;
  /**
   * How long such a lock is tried for, in milliseconds. Above 0. Default: until it is had.
   */
  readonly maxLockWaitMs?: number | undefined;
}

/** Options after validation. */
export interface RunSettings {
  readonly report: (event: RunEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly lockTimeoutMs: number;
  readonly maxLockWaitMs: number | undefined;
}

const KNOWN = ['report', 'signal', 'lockTimeoutMs', 'maxLockWaitMs'];

/**
 * Fills in defaults and validates.
 *
 * @param others options of the caller's own.
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function readRunSettings(
  command: string,
  options: RunOptions,
  others: readonly string[] = [],
): RunSettings {
  requireKnownOptions(command, options, [...KNOWN, ...others]);
  requireFunction('report', options.report);
  const { report = () => undefined, signal, maxLockWaitMs } = options;
  return {
    report,
    signal,
    lockTimeoutMs: requireNumber('lockTimeoutMs', options.lockTimeoutMs ?? LOCK_DEFAULTS.lockTimeoutMs, {
      min: 1,
      integer: true,
    }),
    maxLockWaitMs:
      maxLockWaitMs === undefined ? undefined : requireNumber('maxLockWaitMs', maxLockWaitMs, { above: 0 }),
  };
}
