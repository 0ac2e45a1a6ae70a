import type { Command } from 'commander';
import { findDrift } from '../drift/find-drift';
import { renderDrift } from '../drift/render-drift';
import { orCannotLook } from './cannot-look-error';
import { type CommandContext, type DataSourceOption, takesDataSource, withEntities } from './command-context';

interface DriftOptions extends DataSourceOption {
  readonly json?: boolean;
}

/** Adds `holdfast drift`. */
export function addDrift(program: Command, { terminal, exitWith }: CommandContext): void {
  takesDataSource(program.command('drift'))
    .description('say where the database is not as the entities declare it')
    .option('--json', 'one JSON document instead of text')
    .action(async (options: DriftOptions) => {
      const report = await orCannotLook(withEntities(options, (dataSource) => findDrift(dataSource)));
      const { findings, looked } = report;
      if (options.json) {
        terminal.print(JSON.stringify({ drift: findings.length, findings, looked }, null, 2));
      } else {
        for (const line of renderDrift(report, terminal.columns)) terminal.print(line);
      }
      exitWith(findings.length === 0 ? 0 : 1);
    });
}
