import { listErrorChain, MAX_LINKS, readErrors, readField } from '../errors/error-chain';

/** Codes that only a connection attempt can produce: nothing was sent. */
const ESTABLISHMENT_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Codes that prove the same only while `connect` was the failing system call; on an open socket work may be lost. */
const SOCKET_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Asks whether one error object says that a connection was never established. Does not look behind it. */
export function isEstablishmentFailure(link: object): boolean {
  const code = readField(link, 'code');
  if (typeof code !== 'string') return false;
  if (ESTABLISHMENT_CODES.has(code)) return true;
  return SOCKET_CODES.has(code) && readField(link, 'syscall') === 'connect';
}

/**
 * Asks whether an error may be retried whatever the operation was: it is tagged with a boolean field `transient`
 * (the outermost tag wins, so a wrapper can forbid a retry), or the connection was never established.
 */
export function isTaggedTransient(error: unknown): boolean {
  for (const link of listErrorChain(error)) {
    const tag = readField(link, 'transient');
    if (typeof tag === 'boolean') return tag;
  }
  return wasNeverEstablished(error, new Map());
}

/**
 * An aggregate counts only when every one of its errors does: one that got through may have done its work. `known` holds
 * what was found out already, and `false` for what is still being looked at.
 */
function wasNeverEstablished(error: unknown, known: Map<object, boolean>): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const answer = known.get(error) ?? (known.size >= MAX_LINKS ? false : undefined);
  if (answer !== undefined) return answer;
  known.set(error, false);
  const errors = readErrors(error);
  const isProven =
    errors.length > 0
      ? errors.every((inner) => wasNeverEstablished(inner, known))
      : isEstablishmentFailure(error) ||
        wasNeverEstablished(readField(error, 'cause'), known) ||
        wasNeverEstablished(readField(error, 'driverError'), known);
  known.set(error, isProven);
  return isProven;
}

/** Makes one question of what a caller adds to the built-in failures: codes, looked for behind wrappers too, or a predicate. */
export function createAddedPredicate(
  retryable: readonly string[] | ((error: unknown) => boolean) | undefined,
): (error: unknown) => boolean {
  if (retryable === undefined) return () => false;
  if (typeof retryable === 'function') return (error) => retryable(error) === true;
  const codes = new Set<unknown>(retryable);
  return (error) => listErrorChain(error).some((link) => codes.has(readField(link, 'code')));
}
