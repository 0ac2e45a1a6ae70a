import { createDataSource } from '@holdfast/db';
import { openTestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { KNOWN_CONSTRAINTS } from './problem-fields';

describe('fieldsOfConstraint', () => {
  it('speaks of unique indexes and foreign keys that exist under these names', async () => {
    await using database = await openTestDatabase();
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: database.url }));
    const rows: { name: string }[] = await dataSource.query(
      `select indexrelid::regclass::text as name from pg_index where indisunique
       union all
       select conname from pg_constraint where contype = 'f'`,
    );
    await closeDataSource(dataSource);
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining([...KNOWN_CONSTRAINTS]));
  });
});
