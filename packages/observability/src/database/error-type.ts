/** What the conventions put where an error has no class of its own. */
export const UNCLASSIFIED = '_OTHER';

/** Codes of Node (`ECONNRESET`), of PostgreSQL (`40001`) and of our own (`POOL_EXHAUSTED`); nothing that could hold a value. */
const CODE = /^[A-Z0-9][A-Z0-9_]{2,63}$/;

/** Every SQLSTATE of PostgreSQL holds a digit, which tells it from `EPIPE`. */
const SQLSTATE = /^(?=.*\d)[A-Z0-9]{5}$/;

/** Wrappers nest a few levels; an error that holds itself must not be followed for ever. */
const MAX_LINKS = 16;

/**
 * Reads the class of an error for `error.type`: the code nearest to its surface, through `cause`, `driverError` and
 * `errors`, or `_OTHER`. There are as many as there are codes, so that it can be a label.
 */
export function readErrorType(error: unknown): string {
  const seen = new Set<object>();
  const pending: unknown[] = [error];
  while (pending.length > 0 && seen.size < MAX_LINKS) {
    const link = pending.shift();
    if (typeof link !== 'object' || link === null || seen.has(link)) continue;
    seen.add(link);
    const { code, cause, driverError, errors } = link as Record<string, unknown>;
    if (typeof code === 'string' && CODE.test(code)) return code;
    pending.push(cause, driverError, ...(Array.isArray(errors) ? errors.slice(0, MAX_LINKS) : []));
  }
  return UNCLASSIFIED;
}

/** Asks whether the class of an error is a code that PostgreSQL answered with. */
export function isSqlState(errorType: string): boolean {
  return SQLSTATE.test(errorType);
}
