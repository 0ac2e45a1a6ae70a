import { openTemporaryServer } from '@holdfast/local-postgres';
import { EntitySchema } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { readEvents } from '../data-source/pool-registry';
import { rejection, settings } from '../test/settings';
import { copyIn } from './copy-in';
import { insertMany } from './insert-many';
import { upsertMany } from './upsert-many';

const Place = new EntitySchema<{ id: number; shape: object }>({
  name: 'Place',
  columns: { id: { type: 'int', primary: true }, shape: { type: 'geometry' } },
});

it('takes no connection to tell that a column cannot be written in bulk', async () => {
  const server = await openTemporaryServer();
  const dataSource = createPostgresDataSource({
    url: server.url,
    pool: settings,
    applicationName: 'places',
    entities: [Place],
    migrations: [],
  });
  try {
    await openDataSource(dataSource);
    const places = [{ id: 1, shape: { type: 'Point', coordinates: [1, 2] } }];
    let acquired = 0;
    readEvents(dataSource).on('acquire', () => {
      acquired += 1;
    });
    const refusals = [
      await rejection(insertMany(dataSource, Place, places)),
      await rejection(upsertMany(dataSource, Place, places, { conflict: ['id'] })),
      await rejection(copyIn(dataSource, Place, places)),
    ];
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'BULK_COLUMN_TYPE', entity: 'Place', column: 'shape' });
    }
    expect(acquired).toBe(0);
    // Control.
    await dataSource.query('SELECT 1');
    expect(acquired).toBe(1);
  } finally {
    await closeDataSource(dataSource);
    await server.stop();
  }
});
