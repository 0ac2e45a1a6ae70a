import { ConnectionLostError } from '@holdfast/postgres';
import { DeadlineExceededError, listErrorChain } from '@holdfast/resilience';
import { classify, readPhase } from '@holdfast/resilience/postgres';
import { QueryFailedError } from 'typeorm';

/**
 * Asks whether a statement that commits by itself may have been applied although it failed with this error. Errors that
 * are not failures of a statement say nothing of it: the work has refused by itself what it was asked for.
 */
export function mayBeApplied(error: unknown): boolean {
  const links = listErrorChain(error);
  // What fails with the deadline was not sent any more; a statement that ran then was answered, or its connection lost.
  if (links.some((link) => link instanceof DeadlineExceededError)) return false;
  const phase = readPhase(error);
  // Whatever broke it, also where this side did, or the code is one that nobody knows: no answer came.
  if (links.some((link) => link instanceof ConnectionLostError)) return phase !== 'acquire';
  return (
    links.some((link) => link instanceof QueryFailedError) && classify(error, phase).applied === 'unknown'
  );
}
