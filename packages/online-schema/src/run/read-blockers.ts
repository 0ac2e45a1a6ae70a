import type { Questioner } from '../migration/build-progress';
import type { Blocker } from './run-event';

/** Who is in the way of that session, and whether this role was not let see what some of them do. */
export interface Blockers {
  readonly blockers: readonly Blocker[];
  readonly hidden: boolean;
}

interface Row extends Omit<Blocker, 'by'> {
  readonly hidden: boolean;
}

/**
 * The sessions that the given one waits for at this moment.
 *
 * @param by how they are in the way, which the phase of the waiting statement tells and not the lock.
 */
export async function readBlockers(
  questioner: Questioner,
  pid: number,
  by: Blocker['by'],
): Promise<Blockers> {
  const rows: Row[] = await questioner.query(READ_BLOCKERS, [pid]);
  return {
    blockers: rows.map(({ hidden: _, ...row }) => ({ ...row, by })),
    hidden: rows.some(({ hidden }) => hidden),
  };
}

// A session whose state a role may not see has no backend_start either, and a text that says so as its query.
const READ_BLOCKERS = `
  select
    b.pid,
    a.application_name as application,
    a.usename as user,
    a.state,
    extract(epoch from clock_timestamp() - a.xact_start)::float8 * 1000 as "ageMs",
    case when a.backend_start is not null then left(a.query, 200) end as query,
    a.pid is not null and a.backend_start is null as hidden
  from unnest(pg_blocking_pids($1)) as b (pid)
  left join pg_stat_activity a on a.pid = b.pid`;
