import { isAvailabilityFailure } from '../circuit-breaker/availability';
import { listErrorChain, readField } from '../errors/error-chain';
import { classify } from './classify';
import type { FailureKind } from './failure-row';
import { readPhase } from './phase';

/**
 * Asks whether running the operation again is safe and may help: in the phase the error is tagged with, or in every
 * phase if it has no tag. A lost connection whose work may have been applied is therefore not transient.
 */
export function isTransient(error: unknown): boolean {
  const { verdict } = classify(error, readPhase(error));
  return verdict === 'retry' || verdict === 'retry-transaction';
}

/** Asks whether the server cannot be reached or refuses service, whatever became of the work. */
export function isUnavailable(error: unknown): boolean {
  return classify(error, readPhase(error)).kind === 'unavailable';
}

/** Which server an operation means: the one that takes writes, or any that answers reads. */
export type ServerRole = 'writer' | 'reader';

/**
 * Says what an error tells a breaker in front of a server of this role: that the server failed (true: it is down, refuses
 * service, is out of resources, or did not answer within our own timeout), that it answered (false: contention, a
 * constraint violation), or nothing (undefined: our own full or closed pool, a connection that was dead before, a cancelled
 * statement, a bug of ours). A server that is read-only after a failover fails writers alone.
 */
export function isDatabaseFailure(error: unknown, role: ServerRole): boolean | undefined {
  const { kind, breaker } = classify(error, readPhase(error));
  if (breaker === 'counts' || (breaker === 'writer' && role === 'writer')) return true;
  if (kind === 'unrecognized') return isAvailabilityFailure(error) || undefined;
  return SILENT_KINDS.has(kind) ? undefined : false;
}

const SILENT_KINDS: ReadonlySet<FailureKind> = new Set([
  'overload',
  'shutdown',
  'connection-lost',
  'cancelled',
]);

/**
 * Asks whether an insert or update met this unique constraint or index, so that it may be tried with another value. By
 * the constraint's name: another one that is violated is another problem.
 */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return listErrorChain(error).some(
    (link) => readField(link, 'code') === '23505' && readField(link, 'constraint') === constraint,
  );
}
