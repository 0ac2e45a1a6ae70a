import { HazardRefusedError, renderReason, renderRefusal } from '../generate/hazard-refused-error';
import { renderAllowance } from '../plan/allowance';
import type { Hazard } from '../plan/plan-step';
import { MigrationFailedError } from '../run/run-error';
import { describeError } from './describe-error';

/**
 * What has failed, in a line, and lines below it: of a migration, at which step it was and what it had sent to the server;
 * of what was refused, each reason, and the command that takes all of them on.
 *
 * @param args of the command that has failed.
 */
export function renderFailure(error: unknown, args: readonly string[]): [string, ...string[]] {
  if (error instanceof HazardRefusedError) {
    const { hazards } = error;
    return [
      renderRefusal(hazards),
      ...hazards.map((hazard) => `- ${renderReason(hazard)}`),
      ...renderAllowing(hazards, args),
    ];
  }
  if (!(error instanceof MigrationFailedError)) return [describeError(error)];
  const { step, statement } = error;
  return [
    describeError(error),
    ...(step === null ? [] : [`step: ${step.action} ${step.name}`]),
    ...(statement === null ? [] : [`statement: ${statement}`]),
  ];
}

function renderAllowing(hazards: readonly Hazard[], args: readonly string[]): string[] {
  if (hazards.some(({ verdict }) => verdict === 'never')) return [];
  const allowances = new Set(hazards.map(renderAllowance));
  const command = ['holdfast', ...args, ...[...allowances].flatMap((one) => ['--allow', one])];
  return ['to allow all of it:', `  ${command.map(quoteForShell).join(' ')}`];
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
