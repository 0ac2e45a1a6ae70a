import { renderFailure } from './render-failure';

/**
 * npm passes a Ctrl-C on to a process that the terminal has told already, so that one key arrives as two signals.
 * What comes this soon, in ms, is taken for the same one.
 */
const ECHO_MS = 300;

/** 128 and the number of the signal, as a shell reports a process that the signal ended. */
const EXIT_CODES = Object.freeze({ SIGINT: 130, SIGTERM: 143 });

/**
 * Runs a command of this process to its end and sets the exit code: 0 when it is done or was told to stop, 1 when it
 * failed, with the reason in one line on standard error. SIGINT or SIGTERM aborts the signal that the command is
 * given; a second one ends the process at once. Never rejects.
 */
export async function runCommand(name: string, command: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let stoppedAt: number | undefined;
  const onSignal = (signal: keyof typeof EXIT_CODES): void => {
    if (stoppedAt !== undefined && performance.now() - stoppedAt > ECHO_MS) process.exit(EXIT_CODES[signal]);
    stoppedAt ??= performance.now();
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // Whoever read the output has gone, as after `npm start | head`.
  process.stdout.on('error', () => stop.abort());
  try {
    await command(stop.signal);
  } catch (error) {
    if (error === stop.signal.reason) return;
    process.stderr.write(`${name}: ${renderFailure(error)}\n`);
    process.exitCode = 1;
  }
}
