import type { DataSource } from 'typeorm';
import { requireDataSource, requirePool } from '../data-source/pool-registry';
import { parseLsn, renderLsn } from './lsn';
import { type ReadSession, requireReadSession } from './read-session';

/**
 * Resolves with the position that the client's next session must begin with, once every write of this one was awaited:
 * that of its units of work, or, after another write, that of the primary, which is asked for it.
 * @throws DataSourceNotOpenError, InvalidOptionError, or why the primary could not be asked.
 */
export async function readSessionLsn(dataSource: DataSource, session: ReadSession): Promise<string> {
  requireDataSource(dataSource);
  requireReadSession(session);
  if (!session.needsPrimary) return session.lsn;
  const client = await requirePool(dataSource).acquire();
  try {
    const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS "lsn"');
    // What the session has committed is in the log of the primary, too.
    return renderLsn(parseLsn(rows[0]?.lsn));
  } finally {
    client.release();
  }
}
