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
  // Our own: no answer within the time that was set for it.
  'TIMEOUT',
]);

/**
 * Asks whether an error says that a dependency could not be reached or did not answer in time. An answer that is an
 * error (a unique violation, a serialization failure, a 404) says that it is well.
 */
export function isAvailabilityFailure(error: unknown): boolean {
  return listErrorChain(error).some((link) => AVAILABILITY_CODES.has(readField(link, 'code')));
}
