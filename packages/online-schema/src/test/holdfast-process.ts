import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { waitFor } from './wait-for';

/** The folder of this package. */
export const packageRoot = join(__dirname, '..', '..');

const COMMAND = join(packageRoot, 'bin', 'holdfast.js');

/** How a command has ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface HoldfastProcess {
  readonly child: ChildProcess;
  readonly out: () => string;
  waitForOutput(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts the built `holdfast` as a process that has these variables alone, and a path. */
export function startHoldfast(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd?: string,
): HoldfastProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env.PATH, ...variables },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, out: () => out, ended, waitForOutput: (pattern) => waitFor(() => pattern.test(out)) };
}
