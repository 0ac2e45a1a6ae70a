import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { renderBytes } from '../doctor/quantity';
import { estimateBuild } from '../plan/estimate';
import { readTableFacts } from '../plan/table-facts';
import { renderBlocker } from '../run/render-blocker';
import type { Blocker } from '../run/run-event';
import type { IndexDefinition } from '../specification/index-definition';
import { refuseDuplicates } from './refuse-duplicates';
import { runOf } from './run-context';
import { currentName, tellNotice } from './steps';

/** An index of less fits wherever its table does. */
const WORTH_A_WORD_BYTES = 1024 ** 3;

/**
 * Looks, before an index is built, at what would make it wait, fail or run out of room, and tells it. Nobody is blocked
 * and nothing is written.
 *
 * @throws MigrationError HOLDFAST_INDEX_DUPLICATES for a unique index of rows that are not.
 */
export async function preflight(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  if (runOf(runner).recorder !== undefined) return;
  const name = currentName(runner) ?? definition.name;
  for (const blocker of await readObstacles(runner, table))
    tellNotice(runner, name, `the build will wait for ${renderBlocker(blocker)}`);
  const facts = await readTableFacts(runner, { schema: table.schema, table: table.name });
  const estimate = facts && estimateBuild(facts, definition);
  if (estimate?.bytes != null && estimate.bytes >= WORTH_A_WORD_BYTES) {
    const message =
      `the index will take about ${renderBytes(estimate.bytes)} (${estimate.basis}), and the build as much again for a ` +
      `while; how much disk is free cannot be asked over SQL`;
    tellNotice(runner, name, message);
  }
  if (definition.unique) await refuseDuplicates(runner, table, definition);
}

/** The transactions older than a second that a concurrent build of an index of the table has to wait for, the oldest first. */
async function readObstacles(runner: QueryRunner, { oid }: CatalogTable): Promise<Blocker[]> {
  return runner.query(READ_OBSTACLES, [oid]);
}

// A build waits for everybody who may still write without knowing of the index, and at its end for every snapshot in
// this database that is older than it. Those of VACUUM do not count. A prepared transaction has locks and no session.
const READ_OBSTACLES = `
  select
    a.pid,
    a.application_name as application,
    a.usename as user,
    case when a.backend_xmin is not null then 'snapshot' else 'lock' end as by,
    a.state,
    extract(epoch from clock_timestamp() - a.xact_start)::float8 * 1000 as "ageMs",
    left(a.query, 200) as query
  from pg_stat_activity a
  where a.datname = current_database() and a.pid <> pg_backend_pid()
    and a.xact_start < clock_timestamp() - interval '1 second'
    and a.backend_type = 'client backend'
    and not exists (select from pg_stat_progress_vacuum v where v.pid = a.pid)
    and (
      a.backend_xmin is not null
      or exists (
        select from pg_locks l
        where l.pid = a.pid and l.granted and l.locktype = 'relation' and l.relation = $1
          and l.mode not in ('AccessShareLock', 'RowShareLock')
      )
    )
  union all
  select
    0, null, p.owner, 'lock', 'prepared', extract(epoch from clock_timestamp() - p.prepared)::float8 * 1000, null
  from pg_prepared_xacts p
  where p.database = current_database()
    and exists (
      select from pg_locks own
      join pg_locks l using (virtualtransaction)
      where own.locktype = 'transactionid' and own.transactionid = p.transaction and own.pid is null
        and l.locktype = 'relation' and l.relation = $1 and l.pid is null
    )
  order by 6 desc
  limit 5`;
