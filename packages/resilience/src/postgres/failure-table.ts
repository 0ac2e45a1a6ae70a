import { type FailureRow, row } from './failure-row';

// biome-ignore format: a table is read in columns
/**
 * What every code means, one row per code. ERROR is assumed; `classify` raises the stakes of a FATAL.
 * What each row claims was reproduced with terminated backends, immediate stops, cut proxies and conflicts on PostgreSQL
 * 15, 17 and 18; its source says where the failure is raised: a file under PostgreSQL's src/backend, a chapter of its manual,
 * a manual page of the system, or node-postgres.
 */
export const FAILURES_BY_CODE: Readonly<Record<string, FailureRow>> = Object.freeze({
  //                    kind                autocommit    in transact. at COMMIT  breaker    evict         pace         source
  '40001':          row('contention',       'retry',      'tx',       'tx',      'ignored', 'keep',       '',          'manual 13.5, Serialization Failure Handling'),
  '40P01':          row('contention',       'retry',      'tx',       'tx',      'ignored', 'keep',       '',          'manual 13.3.4, Deadlocks; deadlock.c'),

  '40003':          row('connection-lost',  'idempotent', 'tx',       'unknown', 'ignored', 'connection', '',          'errcodes.txt'),
  '08007':          row('connection-lost',  'idempotent', 'tx',       'unknown', 'ignored', 'connection', '',          'errcodes.txt'),

  '55P03':          row('lock-timeout',     'opt-in',     'opt-in',   '–',       'ignored', 'keep',       '',          'tcop/postgres.c (lock_timeout), lmgr (NOWAIT)'),
  // User cancel and statement timeout share this code; if the deadline was ours, it has passed.
  '57014':          row('cancelled',        'never',      'never',    'aborted', 'slow',    'keep',       '',          'tcop/postgres.c, ProcessInterrupts'),

  '57P01':          row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'tcop/postgres.c, ProcessInterrupts'),
  '57P02':          row('unavailable',      'read',       'tx',       'unknown', 'counts',  'pool',       '',          'tcop/postgres.c, quickdie (a notice)'),
  '57P03':          row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'tcop/backend_startup.c'),
  '53300':          row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'storage/lmgr/proc.c, InitProcess'),
  '08001':          row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'errcodes.txt'),
  '08004':          row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'errcodes.txt'),

  // The server closed an idle session, or the client object was already dead: nothing was sent.
  '57P05':          row('connection-lost',  'safe',       'tx',       'unknown', 'ignored', 'connection', '',          'tcop/postgres.c (idle_session_timeout)'),
  '08003':          row('connection-lost',  'safe',       'tx',       'unknown', 'ignored', 'connection', '',          'errcodes.txt'),

  // Idle in transaction is a bug of the application; transaction_timeout is our own deadline.
  '25P03':          row('application',      '–',          'tx',       'unknown', 'ignored', 'connection', 'once',      'tcop/postgres.c (idle_in_transaction_…)'),
  '25P04':          row('cancelled',        '–',          'never',    'unknown', 'ignored', 'connection', '',          'tcop/postgres.c (transaction_timeout)'),

  '53000':          row('resources',        'retry',      'tx',       'aborted', 'counts',  'keep',       'slow',      'errcodes.txt'),
  '53200':          row('resources',        'retry',      'tx',       'aborted', 'counts',  'keep',       'slow',      'utils/mmgr/mcxt.c'),
  '58000':          row('resources',        'retry',      'tx',       'aborted', 'counts',  'connection', 'slow',      'errcodes.txt'),
  '58030':          row('resources',        'retry',      'tx',       'aborted', 'counts',  'connection', 'slow',      'storage/smgr/md.c'),
  '53100':          row('resources',        'retry',      'tx',       'aborted', 'counts',  'keep',       'once slow', 'storage/smgr/md.c'),
  '53400':          row('resources',        'never',      'never',    'never',   'ignored', 'keep',       '',          'storage/file/fd.c'),

  '08000':          row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'errcodes.txt'),
  '08006':          row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'libpq/pqcomm.c'),
  // Usually a bug of the sender: more than 65 535 parameters end here.
  '08P01':          row('application',      'never',      'never',    'unknown', 'ignored', 'connection', '',          'libpq/pqformat.c, tcop/postgres.c'),

  // After a failover the pool still holds connections to what is now a standby.
  '25006':          row('read-only-server', 'retry',      'tx',       'aborted', 'writer',  'connection', '',          'tcop/utility.c, PreventCommandIfReadOnly'),
  '25P02':          row('application',      '–',          'never',    '–',       'ignored', 'keep',       '',          'tcop/postgres.c, exec_simple_query'),

  'XX000':          row('corruption',       'never',      'never',    'aborted', 'counts',  'connection', '',          'utils/error/elog.c'),
  'XX001':          row('corruption',       'never',      'never',    'aborted', 'counts',  'connection', '',          'storage/page/bufpage.c'),
  'XX002':          row('corruption',       'never',      'never',    'aborted', 'counts',  'connection', '',          'access/nbtree'),

  '0A000':          row('application',      'never',      'never',    'aborted', 'ignored', 'keep',       '',          'errcodes.txt'),
  '26000':          row('stale-plan',       'retry',      'tx',       '–',       'ignored', 'connection', 'once',      'commands/prepare.c, FetchPreparedStatement'),
  '42P05':          row('stale-plan',       'retry',      'tx',       '–',       'ignored', 'connection', 'once',      'commands/prepare.c, StorePreparedStatement'),

  '3D000':          row('credentials',      'never',      '–',        '–',       'alarm',   'keep',       '',          'utils/init/postinit.c, InitPostgres'),

  'ECONNREFUSED':   row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'connect(2)'),
  'ENOTFOUND':      row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'getaddrinfo(3)'),
  'EAI_AGAIN':      row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'getaddrinfo(3)'),

  'ECONNRESET':     row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'recv(2), send(2)'),
  'EPIPE':          row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'send(2)'),
  'ETIMEDOUT':      row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'connect(2), tcp(7)'),
  'EHOSTUNREACH':   row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'connect(2), ip(7)'),
  'ENETUNREACH':    row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'connect(2), ip(7)'),

  // Ours: the pool's own acquire and create deadlines. Nothing was sent; hammering a full pool makes it fuller.
  'POOL_EXHAUSTED': row('overload',         'safe',       '–',        '–',       'ignored', 'keep',       'once slow', 'packages/postgres'),
  'CONNECT_TIMEOUT':row('unavailable',      'safe',       '–',        '–',       'counts',  'keep',       '',          'packages/postgres'),
  // Ours: no member of the cluster takes writes, as during a failover.
  'NO_PRIMARY':     row('read-only-server', 'safe',       '–',        '–',       'writer',  'keep',       '',          'packages/postgres'),
  'POOL_CLOSED':    row('shutdown',         'never',      'never',    'never',   'ignored', 'keep',       '',          'packages/postgres'),
});

// biome-ignore format: a table is read in columns
/** Rows that hold for one routine of the server under a code whose other errors mean something else. */
export const FAILURES_BY_ROUTINE: Readonly<Record<string, FailureRow>> = Object.freeze({
  // Tuple concurrently updated: catalog contention without a SQLSTATE of its own.
  'XX000 simple_heap_update':     row('contention',       'retry',      'tx',       'aborted', 'ignored', 'keep',       '',          'access/heap/heapam.c'),
  'XX000 simple_heap_delete':     row('contention',       'retry',      'tx',       'aborted', 'ignored', 'keep',       '',          'access/heap/heapam.c'),
  // Cached plan must not change result type.
  '0A000 RevalidateCachedQuery':  row('stale-plan',       'retry',      'tx',       '–',       'ignored', 'connection', 'once',      'utils/cache/plancache.c'),
});

// biome-ignore format: a table is read in columns
/**
 * What a FATAL without a routine means: the server names one in each of its errors, a pooler before it in none of its own.
 * PgBouncer has one code for nearly all that it says, so that its rare complaints of a client, such as of a parameter, look like an outage.
 */
export const FAILURES_OF_POOLER: Readonly<Record<string, FailureRow>> = Object.freeze({
  '08P01':                        row('unavailable',      'read',       'tx',       'unknown', 'counts',  'connection', '',          'PgBouncer, proto.c, send_pooler_error'),
});

// biome-ignore format: a table is read in columns
/** What a SQLSTATE class means when the code has no row of its own. */
export const FAILURES_BY_CLASS: Readonly<Record<string, FailureRow>> = Object.freeze({
  '22': row('application',      'never',      'never',    'aborted', 'ignored', 'keep',       '',          'manual, appendix A'),
  '23': row('application',      'never',      'never',    'aborted', 'ignored', 'keep',       '',          'manual, appendix A'),
  '28': row('credentials',      'never',      '–',        '–',       'alarm',   'keep',       '',          'libpq/auth.c'),
  '42': row('application',      'never',      'never',    'aborted', 'ignored', 'keep',       '',          'manual, appendix A'),
});

// biome-ignore format: a table is read in columns
/** node-postgres errors that carry no code. Their exact text is all there is; nowhere else is text looked at. */
export const FAILURES_BY_TEXT: Readonly<Record<string, FailureRow>> = Object.freeze({
  'timeout exceeded when trying to connect':
    row('overload',        'safe',       '–',       '–',       'ignored', 'keep',       'once slow', 'pg-pool/index.js'),
  'Connection terminated due to connection timeout':
    row('unavailable',     'safe',       '–',       '–',       'counts',  'keep',       '',          'pg-pool/index.js'),
  'timeout expired':
    row('unavailable',     'safe',       '–',       '–',       'counts',  'keep',       '',          'pg/lib/client.js'),
  'Connection terminated unexpectedly':
    row('unavailable',     'read',       'tx',      'unknown', 'counts',  'connection', '',          'pg/lib/client.js'),
  // The statement was refused by the client object itself: it was never sent. At COMMIT, one before it may have been.
  'Client has encountered a connection error and is not queryable':
    row('connection-lost', 'safe',       'tx',      'unknown',    'ignored', 'connection', '',          'pg/lib/client.js'),
  // The statement is still running and may yet be applied, or block its own repetition.
  'Query read timeout':
    row('cancelled',       'idempotent', 'never',   'unknown', 'slow',    'connection', '',          'pg/lib/client.js'),
  'Cannot use a pool after calling end on the pool':
    row('shutdown',        'never',      'never',   'never',   'ignored', 'keep',       '',          'pg-pool/index.js'),
  'Connection terminated':
    row('shutdown',        'never',      'never',   'unknown', 'ignored', 'connection', '',          'pg/lib/client.js'),
  'Client was closed and is not queryable':
    row('shutdown',        'never',      'never',   'never',   'ignored', 'connection', '',          'pg/lib/client.js'),
});

/** What an error means of which the table knows nothing, when it came from the server. */
export const UNLISTED_SQLSTATE = row(
  'application',
  'never',
  'never',
  'aborted',
  'ignored',
  'keep',
  '',
  'manual, appendix A',
);

/** What an error means that has neither a known code nor a known text. */
export const UNRECOGNIZED = row(
  'unrecognized',
  'never',
  'never',
  'unknown',
  'ignored',
  'keep',
  '',
  'nothing is known of it',
);
