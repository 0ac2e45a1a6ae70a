import type { QueryRunner } from 'typeorm';

/**
 * Which other session builds or drops an index of each of the tables, by the table's oid. The lock under which that
 * is done tells, to every role; who VACUUMs or ANALYZEs holds the same lock and is left out. It errs towards a build:
 * validating a constraint looks the same.
 */
export async function readBuilders(
  runner: QueryRunner,
  tables: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows: { relation: number; pid: number }[] = await runner.query(READ_BUILDERS, [tables]);
  return new Map(rows.map(({ relation, pid }) => [relation, pid]));
}

const READ_BUILDERS = `
  select l.relation, min(l.pid) as pid
  from pg_locks l
  where l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock' and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and l.relation = any ($1::oid[]) and l.pid <> pg_backend_pid()
    and not exists (select from pg_stat_progress_vacuum v where v.pid = l.pid)
    and not exists (select from pg_stat_progress_analyze a where a.pid = l.pid)
  group by l.relation`;
