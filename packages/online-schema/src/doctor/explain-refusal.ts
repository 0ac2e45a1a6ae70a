import { type DataSource, QueryFailedError } from 'typeorm';
import { CheckRefusedError } from './check-refused-error';
import { renderNames } from './explain-hidden';
import type { Limits } from './limits';

/** Whether a lock was not given in time. */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03';
}

/**
 * Why a check could not look, in a sentence; undefined for what is no such refusal: a connection that is gone, or
 * an error of the program.
 */
export async function explainRefusal(
  error: unknown,
  { dataSource, timeoutMs, lockTimeoutMs }: Limits & { readonly dataSource: DataSource },
): Promise<string | undefined> {
  if (error instanceof CheckRefusedError) return error.message;
  const code = sqlStateOf(error);
  if (code === undefined || /^(08|57P)/.test(code)) return undefined;
  if (code === '57014')
    return `Nothing of this was looked at: it took longer than the ${timeoutMs / 1000} s that one statement has.`;
  if (code === '55P03') {
    const holders: { name: string; pid: number }[] = await dataSource.query(READ_EXCLUSIVE_LOCKS);
    const names = renderNames(holders.map(({ name, pid }) => `${name} (pid ${pid})`));
    return (
      `Nothing of this was looked at: it got no lock within ${lockTimeoutMs / 1000} s. ` +
      (holders.length === 0
        ? 'The lock that it waited for has gone: look again.'
        : `Locked even for readers, or about to be: ${names}; look again when that has ended.`)
    );
  }
  return `Nothing of this was looked at: the server refused it (${(error as Error).message}).`;
}

function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code } = error.driverError as { code?: unknown };
  // What the driver itself says, such as ECONNRESET, has no SQLSTATE.
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

// One that is waited for stops whoever comes after it as well. Indexes, whose lock comes with that of their table, only
// where they alone are locked.
const READ_EXCLUSIVE_LOCKS = `
  select distinct space.nspname || '.' || class.relname as name, lock.pid
  from pg_locks lock
  join pg_class class on class.oid = lock.relation
  join pg_namespace space on space.oid = class.relnamespace
  where lock.locktype = 'relation' and lock.mode = 'AccessExclusiveLock'
    and lock.database = (select oid from pg_database where datname = current_database())
    and not exists (
      select
      from pg_locks other
      join pg_index index on index.indrelid = other.relation and index.indexrelid = lock.relation
      where other.pid = lock.pid and other.mode = 'AccessExclusiveLock'
    )
  order by 1, 2`;
