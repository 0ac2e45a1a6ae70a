import { createDataSource } from '@holdfast/db';
import { migrate } from '@holdfast/online-schema';
import { withClient } from '../../measurement/with-client';

/** The database is migrated and holds so many events. Resolves to the ids of some of them, and the version of the server. */
export async function openStage(
  url: string,
  events: number,
): Promise<{ readonly ids: readonly string[]; readonly postgres: string }> {
  const dataSource = await createDataSource('test', { DATABASE_URL: url }).initialize();
  try {
    await migrate(dataSource);
  } finally {
    await dataSource.destroy();
  }
  return withClient(url, async (client) => {
    await client.query(FILL, [events]);
    await client.query('vacuum (analyze) events');
    const { rows } = await client.query<{ id: string }>('select id from events order by id limit 1000');
    const [version] = (
      await client.query<{ v: string }>(`select split_part(current_setting('server_version'), ' ', 1) as v`)
    ).rows;
    return { ids: rows.map(({ id }) => id), postgres: version?.v ?? 'unknown' };
  });
}

const FILL = `
  insert into events (id, aggregate_id, aggregate_type, aggregate_version, event_type, event_timestamp, tags, payload, processed)
  select gen_random_uuid(), gen_random_uuid(), 'order', 1, 'order.placed', now() - n * interval '1 second', '{}',
         '{"orderNumber": "A-1042", "amountCents": 4200, "currency": "EUR", "lines": [{"sku": "tea", "quantity": 2}]}', true
  from generate_series(1, $1::bigint) as n`;
