import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { readErrorCode } from '@holdfast/resilience';
import { QueryFailedError } from 'typeorm';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { withClient } from '../test/transfers';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());

/** What befalls a table while it is read. Its rows have size 10 or, as a text, 'n10', and label 'one'. */
const CHANGES = [
  'ALTER TABLE item ADD COLUMN more integer DEFAULT 1',
  'ALTER TABLE item DROP COLUMN more',
  `ALTER TABLE item ALTER COLUMN size TYPE text USING 'n' || size`,
  'ALTER TABLE item ALTER COLUMN size TYPE integer USING substr(size, 2)::integer',
  // To another place.
  `ALTER TABLE item DROP COLUMN size, ADD COLUMN size integer NOT NULL DEFAULT 10`,
  `ALTER TABLE item DROP COLUMN label, ADD COLUMN label text NOT NULL DEFAULT 'one'`,
  `ALTER TABLE item RENAME COLUMN size TO kept; ALTER TABLE item RENAME COLUMN label TO size; ALTER TABLE item RENAME COLUMN kept TO label;
   ALTER TABLE item ALTER COLUMN label DROP DEFAULT, ALTER COLUMN size DROP DEFAULT;
   ALTER TABLE item ALTER COLUMN label TYPE text USING 'one', ALTER COLUMN size TYPE integer USING 10`,
  `DROP TABLE item; ${ITEM_TABLE}; INSERT INTO item VALUES (1, 10, 'one')`,
];

describe('a table that is changed while it is read', () => {
  it('is never misread: each answer is that of one form of the table, or an error that says what is wrong', async () => {
    await withClient(server.url, async (client) => {
      await client.query(`${ITEM_TABLE}; INSERT INTO item VALUES (1, 10, 'one')`);
      await using source = await openItems(server.url);
      const items = createRepository(source.dataSource, Item);
      let isOver = false;
      const answers = new Map<string, number>();
      const read = async () => {
        while (!isOver) {
          const answer = await items.findById(1).then(
            (item) => `${JSON.stringify(item?.size)} ${item?.label}`,
            (error: unknown) => `${error instanceof QueryFailedError && readErrorCode(error.driverError)}`,
          );
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
        }
      };
      const readers = Promise.all(Array.from({ length: 4 }, read));
      try {
        for (let round = 0; round < 30; round += 1) {
          for (const change of CHANGES) await client.query(`BEGIN; ${change}; COMMIT`);
        }
      } finally {
        isOver = true;
        await readers;
      }
      const sizes = ['10 one', '"n10" one'];
      // Between two changes of one transaction there is nothing to be seen.
      expect([...answers.keys()].toSorted()).toEqual(sizes.toSorted());
      for (const size of sizes) expect(answers.get(size)).toBeGreaterThan(10);
    });
  });

  it('is told from one that lacks a column, which is an error and no undefined', async () => {
    await withClient(server.url, (client) => client.query(`DROP TABLE IF EXISTS item; ${ITEM_TABLE}`));
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    for (let use = 0; use < 3; use += 1) expect(await items.findById(1)).toBeNull();
    await withClient(server.url, (client) => client.query('ALTER TABLE item DROP COLUMN label'));
    await expect(items.findById(1)).rejects.toMatchObject({ driverError: { code: '42703' } });
  });
});
