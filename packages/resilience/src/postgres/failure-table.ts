import { type FailureRow, row } from './failure-row';

// biome-ignore format: a table is read in columns
/**
 * What every code means, one row per code. ERROR is assumed; `classify` raises the stakes of a FATAL.
 * Sources: PostgreSQL appendix A (error codes), src/backend/utils/errcodes.txt, and reproduced failures.
 */
export const FAILURES_BY_CODE: Readonly<Record<string, FailureRow>> = Object.freeze({
  //                                       autocommit    in transaction  at COMMIT  breaker    evict         pace
  '40001':          row('contention',      'retry',      'tx',           'tx',      'ignored', 'keep'),
  '40P01':          row('contention',      'retry',      'tx',           'tx',      'ignored', 'keep'),

  '40003':          row('connection-lost', 'idempotent', 'tx',           'unknown', 'ignored', 'connection'),
  '08007':          row('connection-lost', 'idempotent', 'tx',           'unknown', 'ignored', 'connection'),

  '55P03':          row('lock-timeout',    'opt-in',     'opt-in',       '–',       'ignored', 'keep'),
  // User cancel and statement timeout share this code; if the deadline was ours, it has passed.
  '57014':          row('cancelled',       'never',      'never',        'aborted', 'slow',    'keep'),

  '57P01':          row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  '57P02':          row('unavailable',     'read',       'tx',           'unknown', 'counts',  'pool'),
  '57P03':          row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),
  '53300':          row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),
  '08001':          row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),
  '08004':          row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),

  // The server closed an idle session, or the client object was already dead: nothing was sent.
  '57P05':          row('connection-lost', 'safe',       'tx',           'unknown', 'ignored', 'connection'),
  '08003':          row('connection-lost', 'safe',       'tx',           'unknown', 'ignored', 'connection'),

  // Idle in transaction is a bug of the application; transaction_timeout is our own deadline.
  '25P03':          row('application',     '–',          'tx',           'unknown', 'ignored', 'connection', 'once'),
  '25P04':          row('cancelled',       '–',          'never',        'unknown', 'ignored', 'connection'),

  '53000':          row('resources',       'retry',      'tx',           'aborted', 'counts',  'keep',       'slow'),
  '53200':          row('resources',       'retry',      'tx',           'aborted', 'counts',  'keep',       'slow'),
  '58000':          row('resources',       'retry',      'tx',           'aborted', 'counts',  'connection', 'slow'),
  '58030':          row('resources',       'retry',      'tx',           'aborted', 'counts',  'connection', 'slow'),
  '53100':          row('resources',       'retry',      'tx',           'aborted', 'counts',  'keep',       'once slow'),
  '53400':          row('resources',       'never',      'never',        'never',   'ignored', 'keep'),

  '08000':          row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  '08006':          row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  // Usually a bug of the sender: more than 65 535 parameters end here.
  '08P01':          row('application',     'never',      'never',        'unknown', 'ignored', 'connection'),

  // After a failover the pool still holds connections to what is now a standby.
  '25006':          row('read-only-server', 'retry',     'tx',           'aborted', 'writer',  'connection'),
  '25P02':          row('application',     '–',          'never',        '–',       'ignored', 'keep'),

  'XX000':          row('corruption',      'never',      'never',        'aborted', 'counts',  'connection'),
  'XX001':          row('corruption',      'never',      'never',        'aborted', 'counts',  'connection'),
  'XX002':          row('corruption',      'never',      'never',        'aborted', 'counts',  'connection'),

  '0A000':          row('application',     'never',      'never',        'aborted', 'ignored', 'keep'),
  '26000':          row('stale-plan',      'retry',      'tx',           '–',       'ignored', 'connection', 'once'),
  '42P05':          row('stale-plan',      'retry',      'tx',           '–',       'ignored', 'connection', 'once'),

  '3D000':          row('credentials',     'never',      '–',            '–',       'alarm',   'keep'),

  'ECONNREFUSED':   row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),
  'ENOTFOUND':      row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),
  'EAI_AGAIN':      row('unavailable',     'safe',       '–',            '–',       'counts',  'keep'),

  'ECONNRESET':     row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  'EPIPE':          row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  'ETIMEDOUT':      row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  'EHOSTUNREACH':   row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),
  'ENETUNREACH':    row('unavailable',     'read',       'tx',           'unknown', 'counts',  'connection'),

  // Ours: the pool's own acquire and create deadlines. Nothing was sent; hammering a full pool makes it fuller.
  'POOL_EXHAUSTED': row('overload',        'safe',       '–',            '–',       'ignored', 'keep',       'once slow'),
  'CONNECT_TIMEOUT': row('unavailable',    'safe',       '–',            '–',       'counts',  'keep'),
  'POOL_CLOSED':    row('shutdown',        'never',      'never',        'never',   'ignored', 'keep'),
});

// biome-ignore format: a table is read in columns
/** Rows that hold for one routine of the server under a code whose other errors mean something else. */
export const FAILURES_BY_ROUTINE: Readonly<Record<string, FailureRow>> = Object.freeze({
  // Tuple concurrently updated: catalog contention without a SQLSTATE of its own.
  'XX000 simple_heap_update':     row('contention', 'retry', 'tx', 'aborted', 'ignored', 'keep'),
  'XX000 simple_heap_delete':     row('contention', 'retry', 'tx', 'aborted', 'ignored', 'keep'),
  // Cached plan must not change result type.
  '0A000 RevalidateCachedQuery':  row('stale-plan', 'retry', 'tx', '–',       'ignored', 'connection', 'once'),
});

// biome-ignore format: a table is read in columns
/** What a SQLSTATE class means when the code has no row of its own. */
export const FAILURES_BY_CLASS: Readonly<Record<string, FailureRow>> = Object.freeze({
  '22': row('application', 'never', 'never', 'aborted', 'ignored', 'keep'),
  '23': row('application', 'never', 'never', 'aborted', 'ignored', 'keep'),
  '28': row('credentials', 'never', '–',     '–',       'alarm',   'keep'),
  '42': row('application', 'never', 'never', 'aborted', 'ignored', 'keep'),
});

// biome-ignore format: a table is read in columns
/** node-postgres errors that carry no code. Their exact text is all there is; nowhere else is text looked at. */
export const FAILURES_BY_TEXT: Readonly<Record<string, FailureRow>> = Object.freeze({
  'timeout exceeded when trying to connect':
    row('overload',        'safe',       '–',     '–',       'ignored', 'keep',       'once slow'),
  'Connection terminated due to connection timeout':
    row('unavailable',     'safe',       '–',     '–',       'counts',  'keep'),
  'timeout expired':
    row('unavailable',     'safe',       '–',     '–',       'counts',  'keep'),
  'Connection terminated unexpectedly':
    row('unavailable',     'read',       'tx',    'unknown', 'counts',  'connection'),
  // The statement was refused by the client object itself, COMMIT included: it was never sent.
  'Client has encountered a connection error and is not queryable':
    row('connection-lost', 'safe',       'tx',    'tx',      'ignored', 'connection'),
  // The statement is still running and may yet be applied, or block its own repetition.
  'Query read timeout':
    row('cancelled',       'idempotent', 'never', 'unknown', 'slow',    'connection'),
  'Cannot use a pool after calling end on the pool':
    row('shutdown',        'never',      'never', 'never',   'ignored', 'keep'),
  'Connection terminated':
    row('shutdown',        'never',      'never', 'unknown', 'ignored', 'connection'),
  'Client was closed and is not queryable':
    row('shutdown',        'never',      'never', 'never',   'ignored', 'connection'),
});

/** What an error means of which the table knows nothing, when it came from the server. */
export const UNLISTED_SQLSTATE = row('application', 'never', 'never', 'aborted', 'ignored', 'keep');

/** What an error means that has neither a known code nor a known text. */
export const UNRECOGNIZED = row('unrecognized', 'never', 'never', 'unknown', 'ignored', 'keep');
