import { runWorker } from './run-worker';
import { readWorkerSettings } from './settings';

/** Runs a worker until SIGTERM, SIGINT, SIGHUP or the end of whoever reads its log. A second signal ends it at once. */
async function main(): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Error('the worker was told to stop'));
  const onSignal = (signal: NodeJS.Signals): void => {
    // A terminal that closes may hang up several times.
    if (stopping.signal.aborted && signal !== 'SIGHUP') process.exit(EXIT_CODES[signal] ?? 1);
    stop();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', onSignal);
  process.stdout.on('error', stop);
  try {
    await runWorker(readWorkerSettings(process.env), stopping.signal);
  } catch (error) {
    // Told to stop while it opened: the failure is the stop.
    if (!stopping.signal.aborted) throw error;
  }
  process.exit(0);
}

/** 128 and the number of the signal, as a shell reports a process that the signal ended. */
const EXIT_CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = Object.freeze({
  SIGINT: 130,
  SIGTERM: 143,
});

// Nobody is left to read it, and nothing to say it to.
process.stderr.on('error', () => undefined);
main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`holdfast-worker: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(1);
});
