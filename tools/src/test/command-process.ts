import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A root command in a process of its own, from the built files, without the build that npm runs before it. */
export interface CommandProcess {
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the match once the standard output has it; rejects if the process ends before. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** Whoever read it has gone, as after `| head` or with a terminal. */
  closeOutput(...names: ('stdout' | 'stderr')[]): void;
  /** Resolves with the exit code when the process has ended. */
  ended(): Promise<number | null>;
}

const built = (file: string) => join(__dirname, '..', '..', 'dist', file);

const commands = {
  start: ['-e', 'require(process.argv[1]).start()', built('start.js')],
  migrate: [built('migrate.js')],
} as const;

/** Runs a command with these variables alone, and those that every process needs. */
export function runCommandProcess(
  command: keyof typeof commands,
  variables: Readonly<Record<string, string>>,
): CommandProcess {
  const { PATH, HOME, HOLDFAST_POSTGRES } = process.env;
  const child = spawn(process.execPath, commands[command], {
    env: { PATH, HOME, HOLDFAST_POSTGRES, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return {
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    async waitForOutput(pattern) {
      for (;;) {
        const match = pattern.exec(output.stdout);
        if (match !== null) return match;
        const [end] = await Promise.race([once(child.stdout, 'data').then(() => []), closed]);
        if (end !== undefined) throw new Error(`ended with ${end} before ${pattern}: ${output.stderr}`);
      }
    },
    signal: (signal) => void child.kill(signal),
    closeOutput: (...names) => {
      for (const name of names) child[name].destroy();
    },
    ended: async () => {
      const [code] = await closed;
      return code;
    },
  };
}
