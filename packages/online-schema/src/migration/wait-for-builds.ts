import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { pollUntil } from './abortable-wait';

/**
 * Waits until no other session builds or drops an index of the table. Only what is read after that tells an index
 * whose build was given up from one whose build is under way: both are invalid.
 *
 * It is also what a concurrent statement needs before it starts. It would wait for the same lock, but with a
 * snapshot, and the build that holds the lock waits for snapshots: one of the two would die of a deadlock.
 */
export async function waitForBuilds(runner: QueryRunner, table: CatalogTable): Promise<void> {
  // In this order: a build enters its result before it gives up the lock, and commits after that.
  await pollUntil(
    runner,
    async () => !(await isLockedForBuild(runner, table)) && !(await isResultUncommitted(runner, table)),
  );
}

// VACUUM and ANALYZE take the same lock and may hold it for hours, but they build nothing, and an autovacuum gives
// way to a statement that waits. pg_locks and the pids of the progress views are visible to every role. Anybody
// else who holds the lock is waited for: the concurrent statement would have to do so as well.
async function isLockedForBuild(runner: QueryRunner, { oid }: CatalogTable): Promise<boolean> {
  const rows: unknown[] = await runner.query(
    `select 1
     from pg_locks l
     where l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock' and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
       and l.relation = $1 and l.pid <> pg_backend_pid()
       and not exists (select 1 from pg_stat_progress_vacuum v where v.pid = l.pid)
       and not exists (select 1 from pg_stat_progress_analyze a where a.pid = l.pid)
     limit 1`,
    [oid],
  );
  return rows.length > 0;
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
