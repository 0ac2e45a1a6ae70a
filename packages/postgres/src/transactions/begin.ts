import { InvalidOptionError, MAX_TIMER_MS } from '@holdfast/resilience';
import type { ServerIdentity } from '../connection/server-identity';

/** Isolation levels of PostgreSQL; READ UNCOMMITTED would be READ COMMITTED. */
export const ISOLATION_LEVELS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

/** How a transaction begins. */
export interface BeginTerms {
  /** Default: the server's. */
  readonly isolation: IsolationLevel | undefined;
  readonly readOnly: boolean;
  /** What the caller has left, in milliseconds; infinite without a deadline. */
  readonly remainingMs: number;
  /** Limit of the DataSource for a statement, in milliseconds, if it has one. */
  readonly statementTimeoutMs: number | undefined;
  /** What the server has said of itself and of its own limits. */
  readonly identity: ServerIdentity | undefined;
}

/** `transaction_timeout` ends the session and not just the transaction: it is for clients that have died, and comes last. */
const TRANSACTION_GRACE_MS = 1_000;
/** The first release with `transaction_timeout`. */
const VERSION_17 = 170_000;

/**
 * Renders the start of a transaction: BEGIN, and statements that set limits. None of them takes a snapshot, so that a
 * transaction may still lock a table before it sees anything.
 */
export function renderBegin(terms: BeginTerms): readonly string[] {
  const { isolation, readOnly, remainingMs, statementTimeoutMs, identity } = terms;
  const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation}`;
  const begin = `BEGIN${level}${readOnly ? ' READ ONLY' : ''}`;
  if (remainingMs >= MAX_TIMER_MS - TRANSACTION_GRACE_MS) return [begin];
  const limitMs = Math.max(1, Math.ceil(remainingMs));
  // A limit that the role or the DataSource has stays the limit where it is shorter.
  const statementMs = least(limitMs, statementTimeoutMs, identity?.statementTimeoutMs);
  const limits = [`SET LOCAL statement_timeout = ${statementMs}`];
  if ((identity?.versionNumber ?? 0) >= VERSION_17) {
    const transactionMs = least(limitMs + TRANSACTION_GRACE_MS, identity?.transactionTimeoutMs);
    limits.push(`SET LOCAL transaction_timeout = ${transactionMs}`);
  }
  return [begin, ...limits];
}

/** 0 and undefined are no limits. */
function least(limitMs: number, ...others: readonly (number | undefined)[]): number {
  return Math.min(limitMs, ...others.filter((other) => other !== undefined && other > 0).map(Number));
}

/** @throws InvalidOptionError unless the level is one of PostgreSQL's, or undefined. */
export function requireIsolation(isolation: unknown): void {
  if (isolation === undefined || ISOLATION_LEVELS.includes(isolation as IsolationLevel)) return;
  throw new InvalidOptionError('isolation', isolation, `one of ${ISOLATION_LEVELS.join(', ')}`);
}
