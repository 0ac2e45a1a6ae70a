import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * npm passes a Ctrl-C on to a process that the terminal has told already, so that one key arrives as two signals.
 * What comes this soon, in ms, is taken for the same one.
 */
const ECHO_MS = 300;

/** Aborts at the first request to stop. The second ends the process, as it would have ended without this. */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  let askedAt = 0;
  for (const name of SIGNALS) {
    process.on(name, () => {
      const { signal } = controller;
      if (!signal.aborted) {
        askedAt = performance.now();
        controller.abort(new StopRequestedError(name));
      } else if (performance.now() - askedAt > ECHO_MS) {
        process.exit(128 + constants.signals[name]);
      }
    });
  }
  return controller.signal;
}

/** The exit code of a process that ended because it was asked to, as a shell reports it; undefined if that is not why. */
export function exitCodeOfStop(signal: AbortSignal | undefined, error: unknown): number | undefined {
  if (signal === undefined) return undefined;
  const { aborted, reason } = signal;
  const isStop = aborted && error instanceof Error && error.name === 'AbortError';
  return isStop && reason instanceof StopRequestedError
    ? 128 + constants.signals[reason.signalName]
    : undefined;
}

/** Somebody has asked the process to stop. */
class StopRequestedError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'HOLDFAST_STOPPED';

  constructor(readonly signalName: (typeof SIGNALS)[number]) {
    super(`stopped by ${signalName}`);
  }
}
