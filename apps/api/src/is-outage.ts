import { isRejected } from '@holdfast/resilience';
import { classify, readPhase } from '@holdfast/resilience/postgres';

/** Asks whether trying again later may help, and nothing about the request is at fault. */
export function isOutage(error: unknown): boolean {
  // A policy of ours refused to ask the database at all, such as an open circuit.
  if (isRejected(error)) return true;
  const { kind } = classify(error, readPhase(error));
  switch (kind) {
    case 'unavailable':
    case 'overload':
    case 'connection-lost':
    case 'resources':
    case 'read-only-server':
    case 'credentials':
    case 'contention':
    case 'lock-timeout':
    case 'cancelled':
    case 'shutdown':
      return true;
    case 'stale-plan':
    case 'application':
    case 'corruption':
    case 'unrecognized':
      return false;
    default:
      return kind satisfies never;
  }
}
