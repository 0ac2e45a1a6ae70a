import { createService } from './compose';
import { readServiceSettings } from './settings';

/** Runs the service until SIGTERM or SIGINT; a second signal ends it at once. */
async function main(): Promise<void> {
  const service = createService(readServiceSettings(process.env));
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(EXIT_CODES[signal] ?? 1);
    service.close().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    await service.listen();
  } catch (error) {
    // Told to stop while it opened: the failure is the stop, and the signal's handler ends the process.
    if (signals === 0) throw error;
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

main().catch(fail);
