import type { QueryRunner } from 'typeorm';
import { pollUntil } from './abortable-wait';

/** The session that migrates at the moment. What the server does not tell this role is null. */
export interface LockHolder {
  readonly pid: number;
  readonly application: string | null;
  readonly since: Date | null;
}

interface LockOptions {
  /** Told once, when the lock is found taken. */
  readonly onWait?: (holder: LockHolder | undefined) => void;
}

// One lock for all migrations of a database: 'hold' and 'fast' in ASCII.
const LOCK = [0x686f6c64, 0x66617374] as const;

/**
 * Runs the work while this session holds the database's migration lock; a session that holds it already takes it
 * once more, and PostgreSQL counts. The lock is polled, outside a transaction: a session that waits inside
 * `pg_advisory_lock` holds a snapshot, for which CREATE INDEX CONCURRENTLY of the working session would wait in
 * turn, so that both wait for ever.
 *
 * A runner that was killed leaves its session at work on the server, with the lock, until its statement ends.
 */
export async function withMigrationLock<T>(
  runner: QueryRunner,
  { onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  await pollUntil(runner, async () => {
    if (await tryLock(runner)) return true;
    if (!told) onWait?.(await readHolder(runner));
    told = true;
    return false;
  });
  try {
    return await work();
  } finally {
    // A connection that is gone has released the lock already.
    await runner.query('select pg_advisory_unlock($1, $2)', [...LOCK]).catch(() => undefined);
  }
}

async function tryLock(runner: QueryRunner): Promise<boolean> {
  const rows: { locked: boolean }[] = await runner.query('select pg_try_advisory_lock($1, $2) as locked', [
    ...LOCK,
  ]);
  return rows[0]?.locked === true;
}

async function readHolder(runner: QueryRunner): Promise<LockHolder | undefined> {
  const rows: LockHolder[] = await runner.query(
    `select l.pid, a.application_name as application, a.backend_start as since
     from pg_locks l
     left join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
       and l.classid = $1 and l.objid = $2 and l.objsubid = 2`,
    [...LOCK],
  );
  return rows[0];
}
