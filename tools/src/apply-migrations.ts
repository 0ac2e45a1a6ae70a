import { migrate, renderDuration, renderMigrateEvent } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';

/**
 * No migration is pending. Each step is told in a line when it is done, with its time.
 *
 * @throws MigrationFailedError for the first that fails; the signal's reason, between two migrations.
 */
export async function applyMigrations(
  dataSource: DataSource,
  options: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const { say, signal } = options;
  const startedAt = performance.now();
  const applied = await migrate(dataSource, { report: (event) => say(renderMigrateEvent(event)), signal });
  if (applied.length === 0) {
    say('No migrations are pending.');
  } else {
    const count = applied.length === 1 ? '1 migration' : `${applied.length} migrations`;
    say(`Applied ${count} in ${renderDuration(performance.now() - startedAt)}.`);
  }
}
