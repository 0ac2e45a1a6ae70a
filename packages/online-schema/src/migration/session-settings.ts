import type { QueryRunner } from 'typeorm';

/** The session's values of those settings that this server has. */
export async function readSettings(
  runner: QueryRunner,
  names: readonly string[],
): Promise<Map<string, string>> {
  const rows: { name: string; value: string }[] = await runner.query(
    `select name, current_setting(name) as value from pg_settings where name = any ($1)`,
    [names],
  );
  return new Map(rows.map(({ name, value }) => [name, value]));
}

/** Sets them for the rest of the session. */
export async function writeSettings(
  runner: QueryRunner,
  settings: ReadonlyMap<string, string>,
): Promise<void> {
  await runner.query(
    `select set_config(name, value, false) from unnest($1::text[], $2::text[]) as setting (name, value)`,
    [[...settings.keys()], [...settings.values()]],
  );
}
