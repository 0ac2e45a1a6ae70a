import { MigrationFailedError } from '../run/run-error';

/** Lines below the message of a migration that failed: at which step it was, and what it had sent to the server. */
export function renderFailure(error: unknown): string[] {
  if (!(error instanceof MigrationFailedError)) return [];
  const { step, statement } = error;
  return [
    ...(step === null ? [] : [`step: ${step.action} ${step.name}`]),
    ...(statement === null ? [] : [`statement: ${statement}`]),
  ];
}
