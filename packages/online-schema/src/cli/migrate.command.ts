import type { Command } from 'commander';
import { planMigrate } from '../run/dry-run';
import { migrate } from '../run/migrate';
import { type CommandContext, takesDataSource, withDataSource } from './command-context';
import { printDryRun } from './print-dry-run';
import { type RunFlags, readRunFlags, takesRunFlags } from './run-flags';
import { reportRun } from './run-report';

/** Adds `holdfast migrate`. */
export function addMigrate(program: Command, context: CommandContext): void {
  const { terminal } = context;
  takesRunFlags(takesDataSource(program.command('migrate')))
    .description('apply pending migrations')
    .action(async (flags: RunFlags) => {
      const options = readRunFlags(flags);
      if (flags.dryRun) {
        await withDataSource(flags, async (dataSource) =>
          printDryRun(terminal, flags, await planMigrate(dataSource)),
        );
        return;
      }
      const { signal } = context;
      await reportRun(
        { terminal, signal },
        flags,
        'applied',
        (report) =>
          withDataSource(flags, (dataSource) => migrate(dataSource, { ...options, report, signal })),
        ({ length }) =>
          length === 0
            ? 'No migrations are pending.'
            : `${length} ${length === 1 ? 'migration' : 'migrations'} applied.`,
      );
    });
}
