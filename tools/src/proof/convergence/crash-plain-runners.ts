import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../random';
import { crashServer } from '../transfers/crash-server';
import { listDeviations, listUnusable, readCatalogState } from './catalog-state';
import { startCommand } from './command';
import { typeormRun } from './commands';
import type { Recovery } from './converge';
import { type KillFigures, sumRecoveries } from './kills';
import type { ConvergenceRun } from './stage';

/** Beside the dependencies of this workspace, which the project needs. */
const GENERATED = resolve(__dirname, '..', '..', '..', '.generated');

/**
 * The control: the same indexes in a migration as it is written by hand, `CREATE INDEX CONCURRENTLY IF NOT EXISTS`, run
 * by the plain command, whose server crashes, and run again. A runner that is killed would not show it: the server goes on building.
 */
export async function crashPlainRunners({
  server,
  setting,
  stage,
  signal,
}: ConvergenceRun): Promise<KillFigures> {
  await mkdir(GENERATED, { recursive: true });
  const folder = await mkdtemp(join(GENERATED, 'plain-'));
  try {
    const command = typeormRun(await writeProject(folder, await readStatements(stage)));
    const random = createRandom(setting.seed, 'plain crashes');
    const recoveries: Recovery[] = [];
    while (recoveries.length < setting.plainCrashes) {
      signal.throwIfAborted();
      const recovery = await stage.withDatabase(async (url) => {
        const run = startCommand(command, url);
        await run.spoke;
        await sleep(random() * stage.undisturbedMs);
        await crashServer(server, 'kill', () => undefined);
        const { code } = await run.ended;
        return code === 0 ? undefined : runAgain(command, url, stage);
      });
      if (recovery !== undefined) recoveries.push(recovery);
    }
    return sumRecoveries(recoveries);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAgain(
  command: readonly string[],
  url: string,
  { wanted }: ConvergenceRun['stage'],
): Promise<Recovery> {
  const left = await readCatalogState(url);
  const { code, err } = await startCommand(command, url).ended;
  const failure = code === 0 ? [] : [`the next run ended with ${code}: ${err.trim().split('\n')[0]}`];
  const found = await readCatalogState(url);
  // Its ledger has its own name of the migration.
  const deviations = listDeviations({ ...wanted, ledger: found.ledger }, found);
  return { unusable: listUnusable(left), wasDone: false, deviations: [...failure, ...deviations] };
}

/** The statements that would build what an undisturbed run builds. */
async function readStatements({ wanted }: ConvergenceRun['stage']): Promise<readonly string[]> {
  return wanted.indexes
    .filter(({ constraint }) => constraint === null)
    .map(({ name, table, method, unique, keys, include, where }) =>
      [
        `CREATE ${unique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY IF NOT EXISTS "${name}" ON "${table}" USING ${method}`,
        `(${keys.join(', ')})`,
        include.length > 0 ? `INCLUDE (${include.map((column) => `"${column}"`).join(', ')})` : '',
        where === undefined ? '' : `WHERE ${where}`,
      ].join(' '),
    );
}

async function writeProject(folder: string, statements: readonly string[]): Promise<string> {
  const migration = `
    exports.Indexes1900000000000 = class {
      name = 'Indexes1900000000000';
      transaction = false;
      async up(runner) {
        await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
        for (const statement of ${JSON.stringify(statements)}) await runner.query(statement);
      }
      async down() {}
    };`;
  const dataSource = `
    const { DataSource } = require('typeorm');
    exports.dataSource = new DataSource({
      type: 'postgres', url: process.env.DATABASE_URL, migrations: [__dirname + '/migration.js'],
      migrationsTransactionMode: 'each', logging: ['query'],
    });`;
  const file = join(folder, 'data-source.js');
  await writeFile(join(folder, 'migration.js'), migration);
  await writeFile(file, dataSource);
  return file;
}
