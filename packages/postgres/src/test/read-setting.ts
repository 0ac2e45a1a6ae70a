import type { EntityManager } from 'typeorm';

/** Reads a setting; null where the session has never heard of it, and '' where it is set no longer. */
export async function readSetting(manager: EntityManager, name = 'app.tenant'): Promise<string | null> {
  const [row] = await manager.query('SELECT current_setting($1, true) AS value', [name]);
  return row.value;
}
