import { createService } from './compose';
import { readServiceSettings } from './settings';
import { stopOnSignals } from './stop-signals';

/** Runs the service until it is told to stop, which ends the process with 0. */
async function main(): Promise<void> {
  const service = createService(readServiceSettings(process.env));
  let isStopping = false;
  stopOnSignals(() => {
    isStopping = true;
    service.close().then(() => process.exit(0), fail);
  });
  try {
    await service.listen();
  } catch (error) {
    // Told to stop while it opened: the failure is the stop, which ends the process.
    if (!isStopping) throw error;
  }
}

/** One line for whoever started it; the log has the rest. */
function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`holdfast-api: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(1);
}

// Nobody is left to read it, and nothing to say it to.
process.stderr.on('error', () => undefined);
main().catch(fail);
