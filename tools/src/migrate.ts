import { readDatabaseSettings, readEnvironment } from '@holdfast/db';
import { applyMigrations } from './apply-migrations';
import { MigrationProgress } from './migration-progress';
import { openDatabase, withDataSource } from './open-database';
import { runCommand } from './run-command';
import { readToolSettings } from './settings';

const progress = new MigrationProgress();

/** `npm run migrate`: the database has every migration; a local server is left as it was found. */
async function runMigrate(stop: AbortSignal): Promise<void> {
  const settings = readToolSettings();
  // Wrong settings are refused before a server is started for them.
  readDatabaseSettings(readEnvironment(settings.variables), settings.variables);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  await using database = await openDatabase(settings, stop);
  say(database.description);
  await withDataSource(database, stop, (dataSource) =>
    applyMigrations(dataSource, { say, signal: stop, progress }),
  );
}

void runCommand('npm run migrate', runMigrate, {
  describeStop: () => `stopped; ${progress}; run it again`,
});
