import { readField } from '../errors/error-chain';
import { isEstablishmentFailure } from '../retry/transience';
import type { FailureRow } from './failure-row';
import {
  FAILURES_BY_CLASS,
  FAILURES_BY_CODE,
  FAILURES_BY_ROUTINE,
  FAILURES_BY_TEXT,
  FAILURES_OF_POOLER,
  UNLISTED_SQLSTATE,
} from './failure-table';

/** One recognized failure: the row it matched and the facts beside it. */
export interface Failure {
  /** SQLSTATE, errno code or one of our own; undefined when the text was matched. */
  readonly code: string | undefined;
  readonly row: FailureRow;
  /** The server ended the session with this error. */
  readonly fatal: boolean;
  /** The connection was never established, whatever else the code could mean. */
  readonly neverEstablished: boolean;
}

/**
 * Lists what is recognized in an error. An error that means something itself hides what it wraps; an aggregate
 * contributes each of its errors, because each may have happened to other work.
 * An error of an aggregate that is not recognized appears as undefined.
 */
export function findFailures(error: unknown): readonly (Failure | undefined)[] {
  return find(error, new Set());
}

function find(error: unknown, seen: Set<object>): readonly (Failure | undefined)[] {
  if (typeof error !== 'object' || error === null || seen.has(error)) return [];
  seen.add(error);
  const errors = readField(error, 'errors');
  if (Array.isArray(errors) && errors.length > 0) {
    const found = [...new Set<unknown>(errors)].flatMap((inner) => {
      const behind = find(inner, seen);
      return behind.length > 0 ? behind : [undefined];
    });
    if (found.some(Boolean)) return found;
  }
  const own = readFailure(error);
  if (own) return [own];
  for (const field of ['driverError', 'cause'] as const) {
    const found = find(readField(error, field), seen);
    if (found.length > 0) return found;
  }
  return [];
}

function readFailure(link: object): Failure | undefined {
  const code = readField(link, 'code');
  const severity = readField(link, 'severity');
  const fatal = severity === 'FATAL' || severity === 'PANIC';
  const row =
    typeof code === 'string' ? findRowByCode(code, readField(link, 'routine'), fatal) : findRowByText(link);
  if (!row) return undefined;
  return {
    code: typeof code === 'string' ? code : undefined,
    row,
    fatal,
    neverEstablished: isEstablishmentFailure(link),
  };
}

function findRowByCode(code: string, routine: unknown, fatal: boolean): FailureRow | undefined {
  return (
    (fatal && routine === undefined ? lookUp(FAILURES_OF_POOLER, code) : undefined) ??
    lookUp(FAILURES_BY_ROUTINE, `${code} ${String(routine)}`) ??
    lookUp(FAILURES_BY_CODE, code) ??
    (isSqlState(code) ? (lookUp(FAILURES_BY_CLASS, code.slice(0, 2)) ?? UNLISTED_SQLSTATE) : undefined)
  );
}

function findRowByText(link: object): FailureRow | undefined {
  const text = readField(link, 'message');
  return typeof text === 'string' ? lookUp(FAILURES_BY_TEXT, text) : undefined;
}

function lookUp(table: Readonly<Record<string, FailureRow>>, key: string): FailureRow | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Five characters, and not an errno such as EPERM: no SQLSTATE class of PostgreSQL begins with E. */
function isSqlState(code: string): boolean {
  return /^(?!E)[0-9A-Z]{5}$/.test(code);
}
