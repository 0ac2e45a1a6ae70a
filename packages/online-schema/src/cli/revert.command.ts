import type { Command } from 'commander';
import { planRevert } from '../run/dry-run';
import { type RevertRange, revert } from '../run/revert';
import { type CommandContext, takesDataSource, withDataSource } from './command-context';
import { printDryRun } from './print-dry-run';
import { type RunFlags, readRunFlags, takesRunFlags } from './run-flags';
import { reportRun } from './run-report';
import { UsageError } from './usage-error';

interface RevertFlags extends RunFlags {
  readonly steps?: string;
  readonly to?: string;
}

/** Adds `holdfast revert`. */
export function addRevert(program: Command, context: CommandContext): void {
  const { terminal } = context;
  takesRunFlags(takesDataSource(program.command('revert')))
    .description('revert the last migration, or as many as named')
    .option('--steps <n>', 'how many of the last migrations; default: 1')
    .option('--to <name>', 'everything after the migration of that name, which stays')
    .action(async (flags: RevertFlags) => {
      const options = readRunFlags(flags);
      const range = readRange(flags);
      if (flags.dryRun) {
        await withDataSource(flags, async (dataSource) =>
          printDryRun(terminal, flags, await planRevert(dataSource, range)),
        );
        return;
      }
      const { signal } = context;
      await reportRun(
        { terminal, signal },
        flags,
        'reverted',
        (report) =>
          withDataSource(flags, (dataSource) => revert(dataSource, { ...options, ...range, report, signal })),
        ({ length }) =>
          length === 0
            ? 'There is nothing to revert.'
            : `${length} ${length === 1 ? 'migration' : 'migrations'} reverted.`,
      );
    });
}

function readRange({ steps, to }: RevertFlags): RevertRange {
  if (steps !== undefined && to !== undefined) throw new UsageError('--steps and --to exclude each other');
  if (steps === undefined) return { to };
  const number = Number(steps);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError('--steps must be an integer of at least 1');
  return { steps: number };
}
