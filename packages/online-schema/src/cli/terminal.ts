import { divertOutput } from './screen/divert-output';

/** Where a command writes, and who reads it. */
export interface Terminal {
  /** One line for whoever called, on standard output. */
  print(line: string): void;
  /** Whether a person watches standard output, so that lines may be redrawn. */
  readonly isInteractive: boolean;
  /** Whether it shows colours and its reader wants them: https://no-color.org. */
  readonly hasColours: boolean;
  /** Whether it shows characters beyond ASCII. */
  readonly hasUnicode: boolean;
  /** Characters in a line; 80 where that is not known. */
  readonly columns: number;
}

/**
 * The terminal of this process.
 *
 * @param isForProgram whether a program reads what is printed: whatever else is written, by migrations or by what the
 * project loads, goes to standard error. Default false.
 */
export function processTerminal(isForProgram = false): Terminal {
  const { stdout, stderr, env, platform } = process;
  // Some that are no terminals in earnest say that they have no columns.
  const isTerminal = stdout.isTTY === true && stdout.columns > 0;
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosed);
  const isInteractive = isTerminal && env.CI === undefined && env.TERM !== 'dumb';
  const own = isForProgram ? divertOutput(stdout, (text) => void stderr.write(text)).stream : undefined;
  // As POSIX has it, the first that is set and not empty.
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    print: (line) => void (own ?? stdout).write(`${line}\n`),
    isInteractive,
    hasColours: isInteractive && !env.NO_COLOR && stdout.hasColors(),
    hasUnicode: platform === 'win32' || /utf-?8/i.test(locale),
    columns: stdout.columns ?? 80,
  };
}

/**
 * A terminal that somebody closes, or a reader of a pipe that ends (`| tee` at the same Ctrl-C), fails every write from
 * then on. That must not end the process before it has cleared away what it has begun.
 */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}
