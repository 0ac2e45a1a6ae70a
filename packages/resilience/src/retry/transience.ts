import { listErrorChain, MAX_LINKS, readErrors, readField } from '../errors/error-chain';

/** Codes that only a connection attempt can produce: nothing was sent. */
const ESTABLISHMENT_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** Codes that prove the same only while `connect` was the failing system call; on an open socket work may be lost. */
const CONNECT_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT']);

/** Asks whether one error object says that a connection was never established. Does not look behind it. */
export function isEstablishmentFailure(link: object): boolean {
  const code = readField(link, 'code');
  if (typeof code !== 'string') return false;
  if (ESTABLISHMENT_CODES.has(code)) return true;
  return CONNECT_CODES.has(code) && readField(link, 'syscall') === 'connect';
}

/**
 * Asks whether an error may be retried whatever the operation was: it is tagged with a boolean field `transient`
 * (the outermost tag wins, so a wrapper can forbid a retry), or the connection was never established. An aggregate may only
 * when every one of its errors may: one that got through may have done its work.
 */
export function isTaggedTransient(error: unknown): boolean {
  return isTransientLink(error, new Map());
}

/** Asks whether the outermost tag forbids a retry, whatever the failure is. */
export function isForbidden(error: unknown): boolean {
  for (const link of listErrorChain(error)) {
    const tag = readField(link, 'transient');
    if (typeof tag === 'boolean') return !tag;
  }
  return false;
}

/** `known` holds what was found out already, and `false` for what is still being looked at. */
function isTransientLink(error: unknown, known: Map<object, boolean>): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const answer = known.get(error) ?? (known.size >= MAX_LINKS ? false : undefined);
  if (answer !== undefined) return answer;
  known.set(error, false);
  const isTransient = judgeLink(error, (inner) => isTransientLink(inner, known));
  known.set(error, isTransient);
  return isTransient;
}

function judgeLink(error: object, isTransient: (inner: unknown) => boolean): boolean {
  const tag = readField(error, 'transient');
  if (typeof tag === 'boolean') return tag;
  const errors = readErrors(error);
  if (errors.length > 0) return errors.every(isTransient);
  return (
    isEstablishmentFailure(error) ||
    isTransient(readField(error, 'cause')) ||
    isTransient(readField(error, 'driverError'))
  );
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
