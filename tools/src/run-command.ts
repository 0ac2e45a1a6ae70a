import { renderFailure } from './render-failure';

/**
 * npm passes a Ctrl-C on to a process that the terminal has told already, so that one key arrives as two signals.
 * What comes this soon, in ms, is taken for the same one.
 */
const ECHO_MS = 300;

/** 128 and the number of the signal, as a shell reports a process that the signal ended. */
const EXIT_CODES = Object.freeze({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 });

export interface CommandOptions {
  /**
   * Says what a stop has left undone. With it, a stop is told in one line on standard error, and the exit code is that
   * of the signal, or 1 if standard output has gone. Without it, to be stopped is how the command ends, with 0.
   */
  readonly describeStop?: () => string;
}

/**
 * Runs a command of this process to its end and sets the exit code: 0 when it is done, 1 when it failed, with the
 * reason in one line on standard error. SIGINT, SIGTERM, SIGHUP and the end of whoever reads standard output abort the
 * signal that the command is given. A second signal ends the process at once, except SIGHUP: a terminal that closes
 * may hang up several times. Never rejects.
 */
export async function runCommand(
  name: string,
  command: (stop: AbortSignal) => Promise<void>,
  { describeStop }: CommandOptions = {},
): Promise<void> {
  const stop = new AbortController();
  let stopCode = 0;
  const onStop = (code: number): void => {
    if (stop.signal.aborted) return;
    stopCode = code;
    stop.abort();
  };
  let signalledAt: number | undefined;
  const onSignal = (signal: keyof typeof EXIT_CODES): void => {
    const isSecond = signalledAt !== undefined && performance.now() - signalledAt > ECHO_MS;
    if (isSecond && signal !== 'SIGHUP') process.exit(EXIT_CODES[signal]);
    signalledAt ??= performance.now();
    onStop(EXIT_CODES[signal]);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  // Whoever read the output has gone, as after `npm start | head`.
  process.stdout.on('error', () => onStop(1));
  process.stderr.on('error', () => undefined);
  try {
    await command(stop.signal);
  } catch (error) {
    if (!isStop(error, stop.signal)) {
      process.stderr.write(`${name}: ${renderFailure(error)}\n`);
      process.exitCode = 1;
    } else if (describeStop !== undefined) {
      process.stderr.write(`${name}: ${describeStop()}\n`);
      process.exitCode = stopCode;
    }
  }
}

/** Node's own waits do not fail with the reason of their signal, but with an AbortError of it. */
function isStop(error: unknown, { aborted, reason }: AbortSignal): boolean {
  return aborted && (error === reason || (error instanceof Error && error.name === 'AbortError'));
}
