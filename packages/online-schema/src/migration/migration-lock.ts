import type { QueryRunner } from 'typeorm';
import type { LockHolder } from '../run/run-event';
import { pollUntil } from './abortable-wait';
import { readBuildProgress } from './build-progress';
import { enterOnce } from './enter-once';
import { isAttended, runOf, uninterrupted } from './run-context';

// One lock for all migrations of a database: 'hold' and 'fast' in ASCII.
const LOCK = [0x686f6c64, 0x66617374] as const;

/**
 * Runs the work while this session holds the database's migration lock; a session that holds it already takes it
 * once more, and PostgreSQL counts. The lock is polled, outside a transaction: a session that waits inside
 * `pg_advisory_lock` holds a snapshot, for which CREATE INDEX CONCURRENTLY of the working session would wait in
 * turn, so that both wait for ever. Who holds it is told meanwhile.
 *
 * A runner that was killed leaves its session at work on the server, with the lock, until its statement ends or the
 * server notices.
 */
export async function withMigrationLock<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  const { recorder, report } = runOf(runner);
  if (recorder !== undefined) return work();
  if (!isAttended(runner)) enterOnce(runner, (entry) => withMigrationLock(runner, entry));
  let told: string | undefined;
  await pollUntil(runner, async () => {
    if (await tryLock(runner)) return true;
    const holder = await readLockHolder(runner);
    const news = `${holder?.pid} ${holder?.progress?.phase}`;
    if (news !== told) report({ type: 'waiting', holder });
    told = news;
    return false;
  });
  try {
    return await work();
  } finally {
    // A connection that is gone has released the lock already.
    await uninterrupted(runner, () => runner.query('select pg_advisory_unlock($1, $2)', [...LOCK])).catch(
      () => undefined,
    );
  }
}

/** The session that holds the database's migration lock; undefined if there is none. */
export async function readLockHolder(runner: QueryRunner): Promise<LockHolder | undefined> {
  const rows: Omit<LockHolder, 'progress'>[] = await runner.query(
    `select l.pid, a.application_name as application, a.usename as user, a.backend_start as since, a.state,
       case when a.backend_start is not null then left(a.query, 200) end as query
     from pg_locks l
     left join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
       and l.classid = $1 and l.objid = $2 and l.objsubid = 2`,
    [...LOCK],
  );
  const [holder] = rows;
  if (holder === undefined) return undefined;
  const progress = await readBuildProgress(runner, holder.pid);
  return { ...holder, progress: progress === undefined ? null : { ...progress, remainingMs: undefined } };
}

async function tryLock(runner: QueryRunner): Promise<boolean> {
  const rows: { locked: boolean }[] = await runner.query('select pg_try_advisory_lock($1, $2) as locked', [
    ...LOCK,
  ]);
  return rows[0]?.locked === true;
}
