import { createRunLog, migrate, type RunEvent, renderDuration } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';
import type { MigrationProgress } from './migration-progress';

/**
 * No migration is pending. Each step is told in a line when it is done, with its time, and counted in `progress`.
 *
 * @throws MigrationFailedError for the first that fails; RunStoppedError when the signal aborts, with nothing half-done.
 */
export async function applyMigrations(
  dataSource: DataSource,
  options: {
    readonly say: (line: string) => void;
    readonly signal: AbortSignal;
    readonly progress?: MigrationProgress;
  },
): Promise<void> {
  const { say, signal, progress } = options;
  const log = createRunLog(say);
  const report = (event: RunEvent) => {
    progress?.follow(event);
    log(event);
  };
  const startedAt = performance.now();
  const applied = await migrate(dataSource, { report, signal });
  if (applied.length === 0) {
    say('No migrations are pending.');
  } else {
    const count = applied.length === 1 ? '1 migration' : `${applied.length} migrations`;
    say(`Applied ${count} in ${renderDuration(performance.now() - startedAt)}.`);
  }
}
