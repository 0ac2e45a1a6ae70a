import type { Command } from 'commander';
import { ALLOWABLE } from '../plan/hazard-id';
import { UsageError } from './usage-error';

/** Lets a command take `--allow`, as often as there are hazards. */
export function takesAllow(command: Command): Command {
  return command.option(
    '--allow <hazard>',
    `take on a hazard, once for each: ${ALLOWABLE.join(', ')}`,
    (id: string, before: readonly string[]) => {
      if (!ALLOWABLE.some((known) => known === id)) {
        throw new UsageError(`unknown hazard '${id}'; allowed are ${ALLOWABLE.join(', ')}`);
      }
      return [...before, id];
    },
    [] as readonly string[],
  );
}
