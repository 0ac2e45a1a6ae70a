import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const BUILT = join(__dirname, '../../dist');

interface BuiltProgramOptions {
  /** Connections of its pool at most. Default 1. */
  readonly max?: number;
  /** How long its callers wait for one, in milliseconds. Default 5000. */
  readonly acquireMs?: number;
  /** Options of Node.js itself. */
  readonly nodeOptions?: readonly string[];
}

/**
 * Runs a program in a process of its own with `dataSource`, not open yet, and what this package exports as `holdfast`.
 * Resolves with what it printed when it had ended by itself.
 */
export function runBuiltProgram(
  url: string,
  program: string,
  { max = 1, acquireMs = 5_000, nodeOptions = [] }: BuiltProgramOptions = {},
): Promise<string> {
  if (!existsSync(BUILT)) throw new Error('Build the package first: this test runs what its users get');
  const prelude = `
    const holdfast = require(${JSON.stringify(BUILT)});
    const { closeDataSource, createConnectionManager, createPostgresDataSource, openDataSource } = holdfast;
    const times = { idleMs: 50, acquireMs: ${acquireMs}, createMs: 5000, destroyMs: 1000, createRetryMs: 20 };
    const dataSource = createPostgresDataSource({
      url: ${JSON.stringify(url)},
      pool: { min: 0, max: ${max}, ...times },
      applicationName: 'built',
      entities: [],
      migrations: [],
    });`;
  return new Promise((resolve, reject) => {
    const limit = { timeout: 30_000 };
    execFile(
      process.execPath,
      [...nodeOptions, '-e', `${prelude}\n${program}`],
      limit,
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else reject(new Error(`ended with ${error.signal ?? error.code}: ${stdout}${stderr}`));
      },
    );
  });
}
