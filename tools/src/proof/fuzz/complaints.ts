/** What a service says of itself. */
export interface Complaints {
  /** Lines that tell of a fault of its own: of level `error`, or no line of a log; and all of its standard error. */
  readonly faults: readonly string[];
  /** What it warned of since it was told to stop. */
  readonly warnings: readonly string[];
  readonly onLine: (line: string) => void;
  readonly onErrorLine: (line: string) => void;
  /** From here on it has been told to stop. */
  noteStop(): void;
}

/** Collects what a service complains of. */
export function collectComplaints(): Complaints {
  const faults: string[] = [];
  const warnings: string[] = [];
  let isStopping = false;
  return {
    faults,
    warnings,
    onLine(line) {
      const level = levelOf(line);
      if (level === 'error') faults.push(line);
      if (level === 'warn' && isStopping) warnings.push(line);
    },
    onErrorLine: (line) => void faults.push(line),
    noteStop() {
      isStopping = true;
    },
  };
}

function levelOf(line: string): unknown {
  try {
    return JSON.parse(line).level;
  } catch {
    return 'error';
  }
}
