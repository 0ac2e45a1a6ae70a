import type { QueryRunner } from 'typeorm';
import { readBuilders } from '../catalog/read-builders';
import type { CatalogTable } from '../catalog/read-table';
import { pollUntil } from './abortable-wait';
import { readBuildProgress } from './build-progress';
import { runOf } from './run-context';
import { currentName, tellNotice } from './steps';

/**
 * Waits until no other session builds or drops an index of the table. Only what is read after that tells an index
 * whose build was given up from one whose build is under way: both are invalid.
 *
 * It is also what a concurrent statement needs before it starts. It would wait for the same lock, but with a
 * snapshot, and the build that holds the lock waits for snapshots: one of the two would die of a deadlock.
 */
export async function waitForBuilds(runner: QueryRunner, table: CatalogTable): Promise<void> {
  if (runOf(runner).recorder !== undefined) return;
  let told: number | undefined;
  // In this order: a build enters its result before it gives up the lock, and commits after that.
  await pollUntil(runner, async () => {
    // Who VACUUMs or ANALYZEs is no builder, and may hold the lock for hours; an autovacuum gives way to a statement
    // that waits. Anybody else is waited for: the concurrent statement would have to do so as well.
    const pid = (await readBuilders(runner, [table.oid])).get(table.oid);
    if (pid === undefined) return !(await isResultUncommitted(runner, table));
    if (pid !== told) await tellBuilder(runner, table, pid);
    told = pid;
    return false;
  });
}

// Whether its client is still there nobody can know from here, so what to do about it is left to whoever reads this.
async function tellBuilder(runner: QueryRunner, { schema, name }: CatalogTable, pid: number): Promise<void> {
  const progress = await readBuildProgress(runner, pid);
  const phase = progress === undefined ? '' : `, ${progress.phase}`;
  const message =
    `pid ${pid} works on an index of ${schema}.${name}${phase}; waiting for it ` +
    `(select pg_terminate_backend(${pid}) would end it)`;
  tellNotice(runner, currentName(runner) ?? name, message);
}

/** Whether a transaction in progress has changed the catalog's row of one of the table's indexes. */
async function isResultUncommitted(runner: QueryRunner, { oid }: CatalogTable): Promise<boolean> {
  const rows: unknown[] = await runner.query(
    `select 1
     from pg_index x
     join pg_locks l on l.locktype = 'transactionid' and l.transactionid = x.xmax and l.granted
     where x.indrelid = $1 and l.pid <> pg_backend_pid()
     limit 1`,
    [oid],
  );
  return rows.length > 0;
}
