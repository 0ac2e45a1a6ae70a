import type { Command } from 'commander';
import { renderHolder } from '../run/render-event';
import { type MigrationStatus, type RunStatus, readStatus } from '../run/status';
import { orCannotLook } from './cannot-look-error';
import {
  type CommandContext,
  type DataSourceOption,
  takesDataSource,
  withDataSource,
} from './command-context';
import type { Terminal } from './terminal';

interface StatusFlags extends DataSourceOption {
  readonly json?: true;
}

/** Adds `holdfast status`. */
export function addStatus(program: Command, { terminal }: CommandContext): void {
  takesDataSource(program.command('status'))
    .description('list the migrations, applied and pending, and the run under way')
    .option('--json', 'print one JSON document')
    .action(async (flags: StatusFlags) => {
      const status = await orCannotLook(withDataSource(flags, readStatus));
      if (flags.json) terminal.print(JSON.stringify(status));
      else printStatus(terminal, status);
    });
}

function printStatus({ print }: Terminal, { migrations, run }: RunStatus): void {
  if (migrations.length === 0) print('There are no migrations.');
  const width = Math.max(...migrations.map(({ name }) => name.length), 0);
  for (const migration of migrations) print(renderMigration(migration, width));
  if (run !== null) print(`A run is under way${renderHolder(run)}.`);
}

function renderMigration({ name, state, appliedAt }: MigrationStatus, width: number): string {
  const remark =
    state === 'unknown' ? 'not in this build' : appliedAt === null ? '' : `at ${appliedAt.toISOString()}`;
  return `${state.padEnd(7)}  ${name.padEnd(width)}  ${remark}`.trimEnd();
}
