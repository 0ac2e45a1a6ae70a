import { createService } from './compose';
import { readServiceSettings } from './settings';

/**
 * Runs the service until SIGTERM, SIGINT, SIGHUP or the end of whoever reads its log. A second signal ends it at once,
 * except SIGHUP: a terminal that closes may hang up several times.
 */
async function main(): Promise<void> {
  const service = createService(readServiceSettings(process.env));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    service.close().then(() => process.exit(0), fail);
  };
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1 && signal !== 'SIGHUP') process.exit(EXIT_CODES[signal] ?? 1);
    stop();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', onSignal);
  process.stdout.on('error', stop);
  try {
    await service.listen();
  } catch (error) {
    // Told to stop while it opened: the failure is the stop, which ends the process.
    if (!stopping) throw error;
  }
}

/** 128 and the number of the signal, as a shell reports a process that the signal ended. */
const EXIT_CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = Object.freeze({
  SIGINT: 130,
  SIGTERM: 143,
});

/** One line for whoever started it; the log has the rest. */
function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`holdfast-api: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(1);
}

// Nobody is left to read it, and nothing to say it to.
process.stderr.on('error', () => undefined);
main().catch(fail);
