import { createDataSource } from '@holdfast/db';
import { createDatabase, type TemporaryServer } from '@holdfast/local-postgres';
import { type IndexDefinition, readEntityIndexes } from '@holdfast/online-schema';
import { createTables } from '../../create-tables';
import { withClient } from '../../measurement/with-client';
import type { Setting } from './setting';

const CHUNK = 250_000;

/** A large table of events without an index of ours, twice. */
export interface Stage {
  readonly url: string;
  readonly plainUrl: string;
  /** All that are declared on the table. */
  readonly indexes: readonly IndexDefinition[];
}

/** @param say Told how far it has come. */
export async function openStage(
  server: TemporaryServer,
  { events }: Setting,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Stage> {
  const url = await createDatabase(server.adminUrl, 'online');
  const dataSource = await createDataSource('test', { DATABASE_URL: url }).initialize();
  try {
    await createTables(dataSource);
    const indexes = readEntityIndexes(dataSource).filter(({ table }) => table === 'events');
    await withClient(url, async (client) => {
      for (let from = 0; from < events; from += CHUNK) {
        signal.throwIfAborted();
        await client.query(FILL, [from + 1, Math.min(events, from + CHUNK)]);
        say(`Loaded ${Math.min(events, from + CHUNK).toLocaleString('en')} events …`);
      }
      await client.query('VACUUM (ANALYZE) events');
    });
    await dataSource.destroy();
    const plainUrl = await createDatabase(server.adminUrl, 'online_plain', { template: 'online' });
    return { url, plainUrl, indexes };
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** A few organizations and users have most of the events, most are processed, a tenth belongs to nobody. */
const FILL = `
  INSERT INTO events (id, aggregate_id, aggregate_type, aggregate_version, event_type, event_timestamp,
                      organization_id, user_id, correlation_id, tags, payload, processed)
  SELECT gen_random_uuid(), gen_random_uuid(), 'order', 1, 'order.' || floor(40 * power(random(), 3)),
         now() - n * interval '1 second',
         CASE WHEN random() < 0.9 THEN md5('organization ' || floor(2000 * power(random(), 3)))::uuid END,
         CASE WHEN random() < 0.9 THEN md5('user ' || floor(50000 * power(random(), 3)))::uuid END,
         gen_random_uuid(), ARRAY['order:' || n / 10], '{"loaded": "before"}', random() < 0.999
  FROM generate_series($1::bigint, $2::bigint) AS n`;
