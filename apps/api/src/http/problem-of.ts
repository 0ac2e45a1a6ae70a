import { type Refusal, refuse } from './refusal';
import { refusalOfHeader, refusalOfKey, refusalOfRequest, refusalOfUnadmitted } from './refusals-of-requests';
import { refusalOfDatabase, refusalOfDomain, refusalOfText, refusalOfTime } from './refusals-of-work';

/**
 * Says what a client may know of an error. Errors that are known by their class or code keep what they say of the
 * request; of everything else nothing is told.
 */
export function problemOf(error: unknown): Refusal {
  return (
    refusalOfUnadmitted(error) ??
    refusalOfKey(error) ??
    refusalOfRequest(error) ??
    refusalOfHeader(error) ??
    refusalOfText(error) ??
    refusalOfDomain(error) ??
    refusalOfTime(error) ??
    refusalOfDatabase(error) ??
    refuse('internal', 'Something went wrong here. The request id names it in the logs.')
  );
}
