import { spawn } from 'node:child_process';

/** How a command has ended. */
interface CommandEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs in a process of its own. */
export interface RunningCommand {
  /** Resolves when it has said something on standard output for the first time, or has ended. */
  readonly spoke: Promise<void>;
  readonly ended: Promise<CommandEnd>;
  /** Ends it as a machine without memory would: it can do nothing about it. @returns false if it had ended. */
  kill(): boolean;
}

/** Starts a script of Node's with arguments, on the database of that URL. */
export function startCommand(args: readonly string[], url: string): RunningCommand {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  let speak = (): void => undefined;
  const spoke = new Promise<void>((resolve) => {
    speak = resolve;
  });
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
    speak();
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      speak();
      resolve({ code, ...text });
    });
  });
  return { spoke, ended, kill: () => child.exitCode === null && child.kill('SIGKILL') };
}
