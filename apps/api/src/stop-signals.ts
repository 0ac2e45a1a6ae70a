/**
 * npm passes a signal on to the process that it runs. Where that was told already, as by the Ctrl-C of a terminal or by whoever stops all
 * processes of a service, one signal arrives as two. What comes this soon, in ms, is taken for the same one.
 */
const ECHO_MS = 300;

/** 128 and the number of the signal, as a shell reports a process that the signal ended. */
const EXIT_CODES = Object.freeze({ SIGINT: 130, SIGTERM: 143 });

type StopSignal = keyof typeof EXIT_CODES | 'SIGHUP';

/** The part of a process that is told to stop. */
export interface StoppableProcess {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  exit(code: number): void;
  readonly stdout: { on(event: 'error', listener: () => void): unknown };
}

/**
 * `stop` is called, once, when the process is told to stop: by SIGTERM, SIGINT, SIGHUP or the end of whoever reads standard output.
 * A second signal ends the process at once, with the exit code of that signal; except SIGHUP, since a terminal that closes may hang
 * up several times, and the one that npm makes of the first.
 */
export function stopOnSignals(
  stop: () => void,
  { target = process, now = () => performance.now() }: { target?: StoppableProcess; now?: () => number } = {},
): void {
  let isStopping = false;
  let first: { readonly signal: StopSignal; readonly atMs: number } | undefined;
  const begin = (): void => {
    if (isStopping) return;
    isStopping = true;
    stop();
  };
  const onSignal = (signal: StopSignal): void => {
    const isEcho = signal === first?.signal && now() - first.atMs < ECHO_MS;
    first ??= { signal, atMs: now() };
    if (isEcho) return;
    if (isStopping && signal !== 'SIGHUP') target.exit(EXIT_CODES[signal]);
    else begin();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) target.on(signal, onSignal);
  target.stdout.on('error', begin);
}
