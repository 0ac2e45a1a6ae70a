#!/usr/bin/env node
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';
import { migrate } from '../run/migrate';
import { renderMigrateEvent } from '../run/render-event';
import { describeError } from './describe-error';
import { runGenerate } from './generate.command';
import { loadDataSource } from './load-data-source';
import { UsageError } from './usage-error';

const USAGE = `Usage: holdfast <command> -d <file>

  generate <name>   write migrations for what the entities declare and the database lacks
  migrate           apply pending migrations

  -d, --data-source <file>   built file that exports the project's TypeORM DataSource
      --dir <folder>         where generate writes; default: src/migrations of the DataSource's package
  -h, --help                 this text`;

const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = readCommandLine(argv);
  const [command, ...rest] = positionals;
  if (values.help === true) {
    print(USAGE);
    return;
  }
  switch (command) {
    case 'generate': {
      const [name, ...others] = rest;
      if (name === undefined || others.length > 0)
        throw new UsageError('generate takes one name, such as add-invoices');
      return withDataSource(values['data-source'], (dataSource, dataSourceFile) =>
        runGenerate(dataSource, { name, dataSourceFile, directory: values.dir }, print),
      );
    }
    case 'migrate':
      if (rest.length > 0) throw new UsageError(`migrate takes no "${rest[0]}"`);
      return withDataSource(values['data-source'], async (dataSource) => {
        const applied = await migrate(dataSource, { report: (event) => print(renderMigrateEvent(event)) });
        print(
          applied.length === 0
            ? 'No migrations are pending.'
            : `${applied.length} ${applied.length === 1 ? 'migration' : 'migrations'} applied.`,
        );
      });
    default:
      throw new UsageError(
        `${command === undefined ? 'no command' : `unknown command "${command}"`}; allowed are generate, migrate`,
      );
  }
}

function readCommandLine(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        'data-source': { type: 'string', short: 'd' },
        dir: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function withDataSource(
  file: string | undefined,
  work: (dataSource: DataSource, file: string) => Promise<void>,
): Promise<void> {
  if (file === undefined) throw new UsageError('no DataSource; name its built file with -d');
  const dataSource = await loadDataSource(file);
  await dataSource.initialize();
  try {
    await work(dataSource, file);
  } finally {
    await dataSource.destroy();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`holdfast: ${describeError(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
