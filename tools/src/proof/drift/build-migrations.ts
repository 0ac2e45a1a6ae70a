import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const COMPILER = resolve(__dirname, '..', '..', '..', '..', 'node_modules', '.bin', 'tsc');

/** Compiles generated migrations as their project would, into `built` beside them; resolves to what to load. */
export async function buildMigrations(directory: string, files: readonly string[]): Promise<string> {
  const built = join(directory, 'built');
  await promisify(execFile)(COMPILER, [
    // What is compiled is not checked here: that takes the types of all that is imported.
    ...[
      '--ignoreConfig',
      '--noCheck',
      '--noResolve',
      '--module',
      'node20',
      '--target',
      'es2023',
      '--outDir',
      built,
    ],
    ...files,
  ]);
  return join(built, '*.js');
}
