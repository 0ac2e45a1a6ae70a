import { CHECK_IDS, type CheckId } from '../doctor/check-id';

/** For each accepted check of the doctor, why its finding is right as it is. */
export type AcceptedChecks = Readonly<Partial<Record<CheckId, string>>>;

/** What is wrong with accepting this check for this reason, or undefined. */
export function problemOfAcceptance(check: string, reason: unknown): string | undefined {
  if (!CHECK_IDS.some((id) => id === check)) {
    return `unknown check "${check}"; allowed are ${CHECK_IDS.join(', ')}`;
  }
  // Whoever reads the report later has nothing but this to judge by.
  if (typeof reason !== 'string' || reason.trim() === '') return `accepting "${check}" needs a reason`;
  return undefined;
}
