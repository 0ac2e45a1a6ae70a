import type { ClientBase } from 'pg';

/** What a server says of itself on a new connection. */
export interface ServerIdentity {
  /** Process id of the backend that answered. */
  readonly backendPid: number;
  /** Names one start of one postmaster. A crash that the postmaster survives does not change it. */
  readonly instance: string;
  /** Whether it is a standby, which refuses writes. */
  readonly isStandby: boolean;
  /** As in `170010` for 17.10. */
  readonly versionNumber: number;
  /** Limits that the session has from the server, the role or the database, in milliseconds; 0 for none. */
  readonly statementTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  /** Whether another process than the server answered the login: a pooler such as PgBouncer stands between. */
  readonly isPooled: boolean;
}

/** Asks the server who it is, in one round trip. It proves at the same time that the server executes statements. */
export async function readServerIdentity(client: ClientBase): Promise<ServerIdentity> {
  const { rows } = await client.query<Omit<ServerIdentity, 'isPooled'>>(`
    SELECT pg_backend_pid() AS "backendPid",
           concat_ws(' ', pg_postmaster_start_time(), inet_server_addr(), inet_server_port()) AS "instance",
           pg_is_in_recovery() AS "isStandby",
           current_setting('server_version_num')::int AS "versionNumber",
           (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::int AS "statementTimeoutMs",
           coalesce(
             (extract(epoch FROM nullif(current_setting('transaction_timeout', true), '')::interval) * 1000)::int,
             0
           ) AS "transactionTimeoutMs"
  `);
  const [row] = rows;
  if (row === undefined) throw new Error('The server did not say who it is');
  return { ...row, isPooled: readLoginPid(client) !== row.backendPid };
}

/** The process id that was announced at login, which node-postgres keeps and its types do not know. */
function readLoginPid(client: ClientBase): number | null {
  return (client as ClientBase & { readonly processID: number | null }).processID;
}
