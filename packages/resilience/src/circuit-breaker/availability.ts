import { listErrorChain, readField } from '../errors/error-chain';

/** A socket that could not be opened, or broke. */
const AVAILABILITY_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // Of Node's own HTTP client, behind `fetch failed`.
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  // Our own: no answer within the time that was set for it.
  'TIMEOUT',
]);

/**
 * Asks whether an error says that a dependency could not be reached or did not answer in time. An answer that is an
 * error (a unique violation, a serialization failure, a 404) says that it is well.
 */
export function isAvailabilityFailure(error: unknown): boolean {
  return listErrorChain(error).some(
    (link) => AVAILABILITY_CODES.has(readField(link, 'code')) || readField(link, 'name') === 'TimeoutError',
  );
}

/**
 * What an error says of a dependency, unless the caller knows better: that it failed (true), that it answered (false), or
 * nothing, as a bug of the operation does that may never have reached it (undefined).
 */
export function judgeAvailability(error: unknown): boolean | undefined {
  if (isAvailabilityFailure(error)) return true;
  return isBug(error) ? undefined : false;
}

function isBug(error: unknown): boolean {
  return [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
}
