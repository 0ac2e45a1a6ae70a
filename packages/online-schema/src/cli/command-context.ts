import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { describePatterns } from '../run/describe-patterns';
import { isSettledWithin } from '../run/is-settled-within';
import { loadDataSource } from './load-data-source';
import { LoadError } from './load-error';
import type { Terminal } from './terminal';
import { unlessIdle } from './unless-idle';
import { UsageError } from './usage-error';

/** What a command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  /**
   * Aborts when the process is asked to stop; a second request ends it at once. Whoever does not read it is ended by the
   * first.
   */
  readonly signal: AbortSignal;
  /** With which code the process ends: 0 done, 1 something was found or failed, 2 it could not be looked at. */
  exitWith(code: 0 | 1 | 2): void;
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, context: CommandContext) => void;

/** The option of every command that needs the project's database. */
export interface DataSourceOption {
  readonly dataSource?: string;
}

/** Lets a command take `-d`. It is asked for when it is missing, and not by the parser, which would not say what it is. */
export function takesDataSource(command: Command): Command {
  return command.option(
    '-d, --data-source <file>',
    "built file that exports the project's TypeORM DataSource",
  );
}

const CLOSE_MS = 5_000;

/**
 * Runs work with the DataSource of the project, which is open meanwhile.
 *
 * @throws UsageError when no file is named, or not exactly one DataSource is in it; LoadError when the file fails.
 */
export async function withDataSource<T>(
  { dataSource: file }: DataSourceOption,
  work: (dataSource: DataSource, file: string) => Promise<T>,
): Promise<T> {
  if (file === undefined) throw new UsageError('no DataSource; name its built file with -d');
  const dataSource = await loadDataSource(file);
  await unlessIdle(
    dataSource.initialize(),
    () => new LoadError(file, 'something that an entity or migration awaits at its top never comes'),
  );
  try {
    return await work(dataSource, file);
  } finally {
    // A migration may have kept a connection for which the pool would wait for ever, as for a server that is gone.
    await isSettledWithin(CLOSE_MS, dataSource.destroy());
  }
}

/**
 * As `withDataSource`, for what entities are compared with: without any, everything would seem to be right, or too much.
 *
 * @throws UsageError also when the DataSource has no entities.
 */
export async function withEntities<T>(
  option: DataSourceOption,
  work: (dataSource: DataSource, file: string) => Promise<T>,
): Promise<T> {
  return withDataSource(option, async (dataSource, file) => {
    if (dataSource.entityMetadatas.length > 0) return work(dataSource, file);
    throw new UsageError(
      `the DataSource of ${file} has no entities, so there is nothing to compare; its option "entities" ` +
        describePatterns(dataSource.options.entities),
    );
  });
}
