/** The backend that has a transaction open: of an `xid8`, `pg_stat_activity` shows the lower 32 bits. */
const BACKEND = `
  FROM pg_stat_activity
  WHERE pid = $1 AND backend_xid::text::bigint = $2::bigint % 4294967296
`;

/** Finds the backend with process id `$1` if it has transaction `$2` open. */
export const IS_GOING_ON = `SELECT pid ${BACKEND}`;

/**
 * The same, and ends it. One that waits for a synchronous standby is left alone: ending that wait commits on this server
 * alone, and a failover would lose what was reported as committed.
 */
export const END_IF_GOING_ON = `
  SELECT pid, CASE WHEN wait_event IS DISTINCT FROM 'SyncRep' THEN pg_terminate_backend(pid) END
  ${BACKEND}
`;
