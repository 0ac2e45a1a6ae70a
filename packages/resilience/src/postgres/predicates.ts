import { classify } from './classify';
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
