import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborts at the first request to stop. The second ends the process, as it would have ended without this. */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
      controller.abort(new StopRequestedError(name));
    });
  }
  return controller.signal;
}

/** Somebody has asked the process to stop. */
class StopRequestedError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'HOLDFAST_STOPPED';

  constructor(readonly signalName: string) {
    super(`stopped by ${signalName}`);
  }
}
