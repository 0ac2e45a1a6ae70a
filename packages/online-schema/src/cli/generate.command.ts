import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { generate } from '../generate/generate';
import type { IndexChange } from '../generate/plan-index-changes';
import type { PlanStep } from '../plan/plan-step';
import { type CommandContext, type DataSourceOption, takesDataSource, withEntities } from './command-context';
import { orMeantOtherwise, takesAllow } from './takes-allow';
import type { Terminal } from './terminal';

interface GenerateOptions extends DataSourceOption {
  readonly dir?: string;
  readonly allow: readonly string[];
}

/** What is told neither with the tables nor with the indexes. */
const ONLINE: readonly PlanStep['kind'][] = [
  'add enum value',
  'backfill',
  'drop constraint',
  'validate constraint',
  'replace constraint',
  'set not null',
  'drop not null',
];

/** Adds `holdfast generate`. */
export function addGenerate(program: Command, { terminal }: CommandContext): void {
  takesAllow(takesDataSource(program.command('generate')))
    .description('write migrations for what the entities declare and the database lacks')
    .argument('<name>', 'lower-case words joined by hyphens, such as add-invoices')
    .option('--dir <folder>', "where the files go; default: src/migrations of the DataSource's package")
    .action((name: string, options: GenerateOptions) =>
      withEntities(options, (dataSource, file) => runGenerate(dataSource, name, file, options, terminal)),
    );
}

/** Writes migrations for what has changed and says what they do. */
async function runGenerate(
  dataSource: DataSource,
  name: string,
  dataSourceFile: string,
  { dir, allow }: GenerateOptions,
  { print }: Terminal,
): Promise<void> {
  const directory = dir ?? join(packageRootOf(dataSourceFile), 'src', 'migrations');
  const { files, tableStatements, droppedColumns, indexChanges, steps } = await orMeantOtherwise(
    generate(dataSource, { name, directory, allow }),
  );
  if (files.length === 0) {
    print('The database is as the entities declare it; nothing was written.');
    return;
  }
  if (tableStatements > 0) print(`tables   ${count(tableStatements, 'statement')}, in one transaction`);
  for (const { table, column } of droppedColumns)
    print(`column   drop    ${table}.${column}, with all that is in it`);
  for (const { kind, object, rewrites } of steps) {
    if (rewrites) print(`rewrite  ${kind} ${object}, while readers and writers of the table wait`);
    else if (ONLINE.includes(kind)) print(`online   ${kind} ${object}`);
  }
  for (const change of indexChanges) print(renderChange(change));
  for (const file of files) print(`wrote    ${relative(process.cwd(), file)}`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function renderChange(change: IndexChange): string {
  switch (change.kind) {
    case 'create':
      return `index    create  ${change.definition.name} on ${change.definition.table}`;
    case 'drop':
      return `index    drop    ${change.previous.name} on ${change.previous.table}`;
    case 'rename':
      return `index    rename  ${change.previous.name} to ${change.definition.name} on ${change.definition.table}`;
    case 'replace': {
      const reasons = change.differences.map(
        ({ aspect, declared, actual }) => `${aspect}: declared ${declared}, actual ${actual}`,
      );
      return `index    replace ${change.definition.name} on ${change.definition.table} (${reasons.join('; ')})`;
    }
    default:
      return change satisfies never;
  }
}

/** The folder of the package that the DataSource belongs to: migrations are source, the DataSource is built. */
function packageRootOf(file: string): string {
  let folder = dirname(resolve(file));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
