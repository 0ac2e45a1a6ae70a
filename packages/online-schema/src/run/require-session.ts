import type { QueryRunner } from 'typeorm';
import { MigrationError } from '../migration/migration-error';
import type { SideConnection } from './side-connection';

/** As much of node-postgres's connection as is needed. */
interface Greeted {
  /** The backend's pid as the server told it at the start; a pooler tells something else. */
  readonly processID?: unknown;
}

/** A pooler that is busy may give a session away for once without its being noticed. */
const LOOKS = 3;

/**
 * Lets pass only a session that is this run's alone until it is given back, on a server that takes changes. A pooler that
 * lends sessions for a transaction at a time would let two runs have the migration lock at once, and never give it
 * back. It errs towards letting pass: a pooler is caught in giving the session away, or not.
 *
 * @throws MigrationError HOLDFAST_SESSION_SHARED or HOLDFAST_READ_ONLY
 */
export async function requireSession(
  runner: QueryRunner,
  connection: unknown,
  side: SideConnection | undefined,
): Promise<void> {
  const pid = await readPid(runner);
  if ((connection as Greeted).processID !== pid) {
    for (let look = 1; look <= LOOKS; look += 1) {
      if ((side && (await readPid(side))) === pid || (await readPid(runner)) !== pid) throw sharedSession();
    }
  }
  const [{ standby, readonly }]: [{ standby: boolean; readonly: boolean }] = await runner.query(
    `select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::boolean as readonly`,
  );
  if (standby)
    throw readOnly(
      "the server is a standby, which takes no changes; give the DataSource the primary's address",
    );
  if (readonly)
    throw readOnly(
      'sessions of this role are read-only by default; set default_transaction_read_only = off for it or in the DataSource',
    );
}

async function readPid(questioner: Pick<QueryRunner, 'query'> | SideConnection): Promise<number> {
  const rows: { pid: number }[] = await questioner.query('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

function sharedSession(): MigrationError {
  return new MigrationError(
    'HOLDFAST_SESSION_SHARED',
    'the connection goes through a pooler that gives its sessions to others between two statements (PgBouncer in ' +
      "transaction or statement mode), where no migration lock holds; give the DataSource the server's own address, " +
      'or that of a pool in session mode',
  );
}

function readOnly(message: string): MigrationError {
  return new MigrationError('HOLDFAST_READ_ONLY', message);
}
