/** Where a command writes, and who reads it. */
export interface Terminal {
  /** One line for whoever called, on standard output. */
  print(line: string): void;
  /** Whether a person watches standard output, so that lines may be redrawn. */
  readonly isInteractive: boolean;
  /** Characters in a line; 80 where that is not known. */
  readonly columns: number;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout } = process;
  return {
    print: (line) => void stdout.write(`${line}\n`),
    isInteractive: stdout.isTTY === true && process.env.CI === undefined && process.env.TERM !== 'dumb',
    columns: stdout.columns ?? 80,
  };
}
