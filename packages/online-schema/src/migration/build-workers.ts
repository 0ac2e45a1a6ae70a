import type { QueryRunner } from 'typeorm';

const SETTING = 'max_parallel_maintenance_workers';

/**
 * Has the session build indexes with one process of the server, so that the other cores are there for writers: the slowest
 * of them wait for a core where a build has several. Only where nobody has said how many there may be, in the server's
 * configuration or for the role, the database or the session.
 *
 * @returns what undoes it.
 */
export async function leaveCoresToWriters(runner: QueryRunner): Promise<() => Promise<void>> {
  const changed: unknown[] = await runner.query(
    `select set_config(name, '0', false) from pg_settings where name = $1 and source = 'default'`,
    [SETTING],
  );
  return async () => {
    // Not set to what it was: then it would be the session that has said so.
    if (changed.length > 0) await runner.query(`reset ${SETTING}`);
  };
}
