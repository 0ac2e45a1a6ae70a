import { runWorker } from './run-worker';
import { readWorkerSettings } from './settings';
import { stopOnSignals } from './stop-signals';

/** Runs a worker until it is told to stop, which ends the process with 0. */
async function main(): Promise<void> {
  const stopping = new AbortController();
  stopOnSignals(() => stopping.abort(new Error('the worker was told to stop')));
  try {
    await runWorker(readWorkerSettings(process.env), stopping.signal);
  } catch (error) {
    // Told to stop while it opened: the failure is the stop.
    if (!stopping.signal.aborted) throw error;
  }
  process.exit(0);
}

// Nobody is left to read it, and nothing to say it to.
process.stderr.on('error', () => undefined);
main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`holdfast-worker: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(1);
});
