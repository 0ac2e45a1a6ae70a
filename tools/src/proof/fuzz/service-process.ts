import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** The service in a process of its own, as it is deployed. */
export interface ServiceProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What it wrote that tells of a fault of its own: lines of level `error`, and all of its standard error. */
  readonly complaints: readonly string[];
  /** Whether it has ended without having been told to. */
  hasEnded(): boolean;
  /** Tells it to stop. @returns its exit code, or the signal that ended it; and the lines of that time. */
  stop(): Promise<{ readonly end: string; readonly warnings: readonly string[] }>;
}

const MAIN = join(dirname(require.resolve('@holdfast/api')), 'main.js');
const ADDRESS = 'Service listens';

/** Starts the service on a migrated database and resolves once it listens. @throws with what it wrote, if it never does. */
export async function openServiceProcess(
  databaseUrl: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', PORT: '0', DATABASE_URL: databaseUrl, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const complaints: string[] = [];
  const warnings: string[] = [];
  let isStopping = false;
  const closed = once(child, 'close');
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const address = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = parse(line);
      if (entry.level === 'error') complaints.push(line);
      if (entry.level === 'warn' && isStopping) warnings.push(line);
      if (entry.message === ADDRESS) resolve(String(entry.address));
    });
  });
  const url = await Promise.race([address, closed.then(() => undefined)]);
  if (url === undefined) throw new Error(`the service did not start: ${complaints.join(' ')}`);
  return {
    url,
    port: Number(new URL(url).port),
    complaints,
    hasEnded: () => !isStopping && !isRunning(child),
    async stop() {
      isStopping = true;
      child.kill('SIGTERM');
      await closed;
      return { end: String(child.exitCode ?? child.signalCode), warnings };
    },
    async [Symbol.asyncDispose]() {
      isStopping = true;
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function parse(line: string): { level?: unknown; message?: unknown; address?: unknown } {
  try {
    return JSON.parse(line);
  } catch {
    return { level: 'error' };
  }
}
