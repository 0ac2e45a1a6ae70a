import type { Command } from 'commander';
import { migrate } from '../run/migrate';
import { renderMigrateEvent } from '../run/render-event';
import {
  type CommandContext,
  type DataSourceOption,
  takesDataSource,
  withDataSource,
} from './command-context';

/** Adds `holdfast migrate`. */
export function addMigrate(program: Command, { terminal, signal }: CommandContext): void {
  takesDataSource(program.command('migrate'))
    .description('apply pending migrations')
    .action((options: DataSourceOption) =>
      withDataSource(options, async (dataSource) => {
        const report = (event: Parameters<typeof renderMigrateEvent>[0]) =>
          terminal.print(renderMigrateEvent(event));
        const { length } = await migrate(dataSource, { report, signal });
        terminal.print(
          length === 0
            ? 'No migrations are pending.'
            : `${length} ${length === 1 ? 'migration' : 'migrations'} applied.`,
        );
      }),
    );
}
