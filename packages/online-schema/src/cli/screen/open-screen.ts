import type { Terminal } from '../terminal';
import { divertOutput } from './divert-output';
import { LiveScreen, type Screen } from './live-screen';
import { openRegion } from './redraw';

/** What a screen may be told. */
export interface ScreenOptions {
  /** Asks the run to stop, which the screen says until it has. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A run of migrations is shown on the terminal, from now until `close` or the end of the process: what was done scrolls
 * up, with whatever else is printed meanwhile; below it stands what goes on, redrawn in place. Only for a terminal that
 * is interactive.
 */
export function openScreen(terminal: Terminal, { signal }: ScreenOptions = {}): Screen {
  const { stdout, stderr } = process;
  const { hasColours, hasUnicode } = terminal;
  const print = (text: string) => screen.print(text);
  const diverted = divertOutput(stdout, print);
  const others = stderr.isTTY ? divertOutput(stderr, print) : undefined;
  // A line that fills the last column is broken by some terminals.
  const look = () => ({ columns: stdout.columns - 1, rows: stdout.rows, hasColours, hasUnicode });
  const screen = new LiveScreen(openRegion(diverted.stream), look);

  const redraw = () => screen.redrawSoon();
  const stopping = () => screen.show({ type: 'stopping' });
  const close = () => {
    stdout.off('resize', redraw);
    process.off('exit', close);
    signal?.removeEventListener('abort', stopping);
    screen.close();
    diverted[Symbol.dispose]();
    others?.[Symbol.dispose]();
  };
  stdout.on('resize', redraw);
  process.on('exit', close);
  signal?.addEventListener('abort', stopping);
  if (signal?.aborted) stopping();
  return { show: (event) => screen.show(event), close };
}
