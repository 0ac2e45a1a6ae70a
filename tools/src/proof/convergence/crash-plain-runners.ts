import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from '../command';
import { typeormRun } from '../commands';
import { createProject } from '../generated-project';
import { createRandom } from '../random';
import { renderCreateIndex } from '../render-create-index';
import { crashServer } from '../transfers/crash-server';
import { listDeviations, listUnusable, readCatalogState } from './catalog-state';
import type { Recovery } from './converge';
import { type KillFigures, sumRecoveries } from './kills';
import type { ConvergenceRun } from './stage';

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
  await using project = await createProject([{ name: 'Indexes', up: renderUp(stage) }]);
  const command = typeormRun(project.dataSourceFile);
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

/** Builds what an undisturbed run builds. */
function renderUp({ wanted }: ConvergenceRun['stage']): string {
  const statements = wanted.indexes
    .filter(({ constraint }) => constraint === null)
    .map((index) => renderCreateIndex(index, 'CONCURRENTLY IF NOT EXISTS'));
  return `
    await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    for (const statement of ${JSON.stringify(statements)}) await runner.query(statement);`;
}
