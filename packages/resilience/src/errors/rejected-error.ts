import { readField } from './error-chain';

/** Registered globally, so that two installed copies of this package know each other's refusals. */
const REJECTED = Symbol.for('holdfast.rejected');

/**
 * A policy refused the call: the operation was not run, so that nothing was applied. A breaker around it draws no
 * conclusion about the dependency.
 */
export abstract class RejectedError extends Error {
  abstract readonly code: string;
}
Object.defineProperty(RejectedError.prototype, REJECTED, { value: true });

/** Asks whether a policy refused the call. Looks at the error itself, not behind it. */
export function isRejected(error: unknown): error is RejectedError {
  return typeof error === 'object' && error !== null && readField(error, REJECTED) === true;
}
