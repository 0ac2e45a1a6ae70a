import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait-for';

const root = join(__dirname, '..', '..');

/** A project that has nothing to do with ours, in plain JavaScript, with its migrations already built. */
export interface Project extends Disposable {
  /** Starts `holdfast <command> -d <its DataSource>` as a process of its own. */
  start(args: readonly string[], url: string): HoldfastProcess;
  /** Runs it to its end. */
  run(args: readonly string[], url: string): Promise<Ended>;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface HoldfastProcess {
  readonly child: ChildProcess;
  readonly out: () => string;
  waitForOutput(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/**
 * @param migrations body of each migration's `up` and `down` by class name; `holdfast` and `runner` are in scope.
 * @param prelude runs when the file with the DataSource is loaded.
 */
export function openProject(
  migrations: Readonly<Record<string, { up: string; down?: string; transaction: boolean }>>,
  prelude = '',
): Project {
  mkdirSync(join(root, '.generated'), { recursive: true });
  const folder = mkdtempSync(join(root, '.generated', 'project-'));
  const file = join(folder, 'data-source.js');
  const classes = Object.entries(migrations).map(
    ([name, { up, down = '', transaction }]) => `class ${name} {
  name = '${name}';
  transaction = ${transaction};
  async up(runner) { ${up} }
  async down(runner) { ${down} }
}`,
  );
  writeFileSync(join(folder, 'package.json'), '{"name":"parcels","type":"commonjs"}');
  writeFileSync(
    file,
    `require('reflect-metadata');
const { DataSource } = require('typeorm');
const holdfast = require('@holdfast/online-schema/migration');
${prelude}
${classes.join('\n')}
exports.parcels = new DataSource({
  type: 'postgres', url: process.env.DATABASE_URL, installExtensions: false, migrationsTransactionMode: 'none',
  migrations: [${Object.keys(migrations).join(', ')}],
});`,
  );
  const start = (args: readonly string[], url: string): HoldfastProcess => {
    const child = spawn(process.execPath, [join(root, 'bin', 'holdfast.js'), ...args, '-d', file], {
      env: { PATH: process.env.PATH, DATABASE_URL: url },
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
  };
  return {
    start,
    run: (args, url) => start(args, url).ended,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
