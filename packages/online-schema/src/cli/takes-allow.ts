import { InvalidOptionError } from '@holdfast/resilience';
import type { Command } from 'commander';
import { readAllowance } from '../plan/allowance';
import { ALLOWABLE } from '../plan/hazard-id';
import { UsageError } from './usage-error';

/** Lets a command take `--allow`, as often as there are hazards. */
export function takesAllow(command: Command): Command {
  return command.option(
    '--allow <hazard>',
    `take on a hazard, once for each: ${ALLOWABLE.join(', ')}; or for one thing alone: drop-column:<table>.<column>`,
    (text: string, before: readonly string[]) => {
      try {
        readAllowance(text);
      } catch (error) {
        throw toUsageError(error);
      }
      return [...before, text];
    },
    [] as readonly string[],
  );
}

/**
 * Resolves as the work does.
 *
 * @throws UsageError for an `--allow` that the plan has no hazard for; else whatever the work fails with.
 */
export async function orMeantOtherwise<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toUsageError(error);
  }
}

function toUsageError(error: unknown): unknown {
  const isAllow = error instanceof InvalidOptionError && error.option === 'allow';
  return isAllow ? new UsageError(`--${error.message}`) : error;
}
