import type { EntityManager } from 'typeorm';

/** A position up to which the log will not change: what is not there has been rolled back. */
export interface SettledPosition {
  /** A string of digits; 0 before anything is settled. */
  readonly position: string;
  /**
   * Every transaction that has a position up to there has an id below this one. A snapshot whose `xmin` is as high sees all
   * events of those positions.
   */
  readonly nextTransactionId: string;
  /** The run of the server that this is true of. A crash may take back positions that no commit has made durable. */
  readonly serverRun: string;
}

/** How far a log has come, and how far it can be read. */
export interface LogReading {
  readonly settled: SettledPosition;
  /** The last position given out, be it to a transaction that still runs. */
  readonly last: string;
  /** The oldest transaction that still runs, if positions wait to be settled. It may have begun long ago, and write elsewhere. */
  readonly heldBackBy: string | undefined;
}

/** Tells how far a log can be read. Another implementation may fence writers where several nodes commit. */
export interface LogWatermark {
  /** What was settled at the last `advance`. */
  readonly settled: SettledPosition;
  /** Looks again. The manager is in no transaction, and of the primary. */
  advance(manager: EntityManager): Promise<LogReading>;
}

/** The role may not see how far the log has come: it needs USAGE or SELECT on the sequence of positions. */
export class LogPrivilegeError extends Error {
  override readonly name = 'LogPrivilegeError';
  readonly code = 'HOLDFAST_LOG_PRIVILEGE';

  constructor() {
    super('reading the log needs USAGE or SELECT on the sequence events_global_position_seq');
  }
}

/** A log that could not be read without losing events, as it is here. */
export class LogUnsafeError extends Error {
  override readonly name = 'LogUnsafeError';
  readonly code = 'HOLDFAST_LOG_UNSAFE';

  constructor(
    /** A standby knows the sequence ahead of what was given out; with a cache sessions hold positions in reserve. */
    readonly reason: 'standby' | 'sequence-cache',
  ) {
    super(`the log cannot be read without losing events: ${UNSAFE[reason]}`);
  }
}

const UNSAFE = Object.freeze({
  standby: 'the server is a standby',
  'sequence-cache': 'the sequence events_global_position_seq has a cache of more than 1',
});

/**
 * A watermark for a log on one server.
 *
 * Positions are taken from a sequence before commits, so that a later one may be visible first. Whoever takes a position has
 * an id as a transaction by then (the default of `transaction_id` is evaluated before that of `global_position`). So if the last
 * position L is read first and the next transaction id N after it, all holders of positions up to L have ids below N; and once
 * no transaction below N runs, all of them have ended.
 *
 * N is not `pg_snapshot_xmax`: that is one past the last id that has *ended*, and transactions that run may lie beyond it.
 * `age(xid)` counts from the next id that will be given out, so that `xmax + age(xmax)` is N, without taking one.
 *
 * L and N wait as a pair until N is reached, so that a log that is always written to is settled too, up to a position that
 * was the last one when the looking before last began.
 *
 * Positions that nobody has committed are not durable: after a crash they may be given out again, to transactions that run.
 * So what was settled counts for one run of the server.
 *
 * `advance` throws LogPrivilegeError where the role may not see the sequence: it would take the log for empty; and LogUnsafeError.
 */
export function createLogWatermark(): LogWatermark {
  let settled = nothingSettled('');
  let pending: SettledPosition | undefined;
  const settle = (candidate: SettledPosition): void => {
    if (BigInt(candidate.position) > BigInt(settled.position)) settled = candidate;
  };
  return {
    get settled() {
      return settled;
    },
    async advance(manager) {
      const [row] = await manager.query<[LogRow]>(READ_LOG_END);
      const { last, nextTransactionId, oldest, serverRun, mayRead, isStandby, isCached } = row;
      if (!mayRead) throw new LogPrivilegeError();
      if (isStandby) throw new LogUnsafeError('standby');
      if (isCached) throw new LogUnsafeError('sequence-cache');
      if (serverRun !== settled.serverRun) {
        settled = nothingSettled(serverRun);
        pending = undefined;
      }
      const isReached = ({ nextTransactionId: next }: SettledPosition) => BigInt(oldest) >= BigInt(next);
      const newest = { position: last, nextTransactionId, serverRun };
      if (isReached(newest)) {
        settle(newest);
        if (pending !== undefined && isReached(pending)) pending = undefined;
      } else if (pending === undefined || isReached(pending)) {
        if (pending !== undefined) settle(pending);
        pending = newest;
      }
      const isBehind = BigInt(settled.position) < BigInt(last);
      return { settled, last, heldBackBy: isBehind ? oldest : undefined };
    },
  };
}

interface LogRow {
  readonly last: string;
  readonly nextTransactionId: string;
  readonly oldest: string;
  readonly serverRun: string;
  readonly mayRead: boolean;
  readonly isStandby: boolean;
  readonly isCached: boolean;
}

/** Where nothing is known of a log. */
export function nothingSettled(serverRun: string): SettledPosition {
  return { position: '0', nextTransactionId: '0', serverRun };
}

const MAY_SEE_POSITIONS = `has_sequence_privilege('events_global_position_seq', 'usage, select')`;

/** SQL for the last position given out, as digits; 0 where the role may not know. */
export const LAST_POSITION = `coalesce(
      case when ${MAY_SEE_POSITIONS} then pg_sequence_last_value('events_global_position_seq') end, 0
    )::text`;

/**
 * SQL for a text that names the run of the server from one start or recovery to the next. A crash that the postmaster survives
 * shows only in that the statistics begin anew; so does a reset of those, which is harmless. A hash: it goes out in tokens and cursors, and
 * where the server stands and since when it runs is nobody's business there.
 */
export const SERVER_RUN = `encode(sha256(convert_to(concat_ws(' ', extract(epoch from pg_postmaster_start_time()),
      extract(epoch from pg_stat_get_bgwriter_stat_reset_time()), inet_server_addr(), inet_server_port()), 'UTF8')), 'hex')`;

// The columns are computed in this order. The snapshot is that of the statement's beginning, which is on the safe side for the oldest one.
const READ_LOG_END = `
  select
    ${LAST_POSITION} as last,
    (
      pg_snapshot_xmax(pg_current_snapshot())::text::bigint + age(pg_snapshot_xmax(pg_current_snapshot())::xid)
    )::text as "nextTransactionId",
    pg_snapshot_xmin(pg_current_snapshot())::text as oldest,
    ${SERVER_RUN} as "serverRun",
    ${MAY_SEE_POSITIONS} as "mayRead",
    pg_is_in_recovery() as "isStandby",
    (select seqcache > 1 from pg_sequence where seqrelid = 'events_global_position_seq'::regclass) as "isCached"`;
