import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, type HoldfastProcess, packageRoot as root, startHoldfast } from './holdfast-process';

/** A project that has nothing to do with ours, in plain JavaScript, with its migrations already built. */
export interface Project extends Disposable {
  /** Starts `holdfast <command> -d <its DataSource>` as a process of its own. */
  start(args: readonly string[], url: string): HoldfastProcess;
  /** Runs it to its end. */
  run(args: readonly string[], url: string): Promise<Ended>;
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
  const start = (args: readonly string[], url: string) =>
    startHoldfast([...args, '-d', file], { DATABASE_URL: url });
  return {
    start,
    run: (args, url) => start(args, url).ended,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
