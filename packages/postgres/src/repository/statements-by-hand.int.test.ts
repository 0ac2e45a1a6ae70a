import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { In, IsNull, MoreThan, Not } from 'typeorm';
import { quoteTable } from '../bulk/identifier';
import { CUSTOM_PLAN } from '../statements/custom-plan';
import { Everything } from '../test/bulk/entities';
import { openBulkDatabase } from '../test/bulk/open-database';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { rejection } from '../test/settings';
import { withClient } from '../test/transfers';
import type { EntityRepository } from './entity-repository';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() =>
  withClient(server.url, async (client) => {
    await client.query('DROP TABLE IF EXISTS item');
    await client.query(ITEM_TABLE);
    await client.query(`INSERT INTO item VALUES (1, 10, 'one', 'x', NULL), (2, 20, 'two', 'y', NULL)`);
  }),
);

async function withItems(work: (items: EntityRepository<Item>) => Promise<void>): Promise<void> {
  await using source = await openItems(server.url, { max: 1 });
  await work(createRepository(source.dataSource, Item));
}

describe('a statement that is written by hand', () => {
  it('selects the columns of the entity from whatever has the alias', () =>
    withItems(async (items) => {
      expect(items.columnsOf('i')).toBe('"i"."id", "i"."size", "i"."label", "i"."lower", "i"."deletedAt"');
      expect(items.columnsOf('a "b"')).toContain('"a ""b"""."id", ');
      const text = `SELECT ${items.columnsOf('i')} FROM item i WHERE i.id = $1`;
      for (let round = 0; round < 3; round += 1) {
        expect(await items.query(text, [1])).toStrictEqual([await items.findById(1)]);
      }
    }));

  it('answers with entities and what stands beside them, in any order, and with null where there is none', () =>
    withItems(async (items) => {
      const text = `
        SELECT wanted.id AS wanted, ${items.columnsOf('i')}, now() AS at, i.size * 2.5 AS "more", ARRAY[i.size] AS list
        FROM unnest($1::integer[]) WITH ORDINALITY AS wanted (id, place) LEFT JOIN item i ON i.id = wanted.id
        ORDER BY wanted.place`;
      for (let round = 0; round < 3; round += 1) {
        const rows = await items.queryRows<{ wanted: number; at: Date }>(text, [[2, 7, 1]]);
        expect(rows.map(({ entity }) => entity)).toStrictEqual([
          await items.findById(2),
          null,
          await items.findById(1),
        ]);
        expect(rows.map(({ rest }) => rest)).toEqual([
          { wanted: 2, at: expect.any(Date), more: '50.0', list: [20] },
          { wanted: 7, at: expect.any(Date), more: null, list: [null] },
          { wanted: 1, at: expect.any(Date), more: '25.0', list: [10] },
        ]);
      }
    }));

  it('reads a row in parts as TypeORM reads the entity, whatever is in it', async () => {
    await using database = await openBulkDatabase();
    const everything = createRepository(database.dataSource, Everything);
    const { id } = await everything.insert({ text: 'a' });
    const columns = everything.columnsOf('e').split(', ').toReversed().join(', ');
    const table = quoteTable(database.dataSource.getMetadata(Everything));
    const [row] = await everything.queryRows(`SELECT 'x' AS beside, ${columns} FROM ${table} e`);
    expect(row).toStrictEqual({
      entity: await database.dataSource.getRepository(Everything).findOneByOrFail({ id }),
      rest: { beside: 'x' },
    });
  });

  it.each([
    [
      'a column of the entity is missing',
      'SELECT 1 AS beside, id, size, label FROM item',
      /no lower, deletedAt$/,
    ],
    ['one is there twice', 'SELECT *, 1 AS size FROM item', /it has size, which/],
    ['another one is there twice', 'SELECT *, 1 AS beside, 2 AS beside FROM item', /it has beside, which/],
  ])('is refused in parts where %s', (_, text, message) =>
    withItems(async (items) => {
      expect(await rejection(items.queryRows(text))).toMatchObject({
        name: 'AnswerMismatchError',
        message: expect.stringMatching(message),
      });
    }),
  );

  it('is refused as nothing that could be sent', () =>
    withItems(async (items) => {
      const asked: (() => unknown)[] = [
        () => items.queryRows(1 as never),
        () => items.queryRows('SELECT 1', 'x' as never),
        () => items.query('SELECT 1', [], { from: 'anywhere' } as never),
        () => items.queryRows('SELECT 1', [], { fromReplica: 1 as never }),
        () => items.columnsOf(1 as never),
      ];
      for (const ask of asked) {
        expect(await rejection((async () => ask())())).toMatchObject({ code: 'INVALID_OPTION' });
      }
    }));
});

describe('a comment', () => {
  it('stands in front of the statement, which is planned for its values where it asks for that', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const { dataSource } = source;
    const items = createRepository(dataSource, Item);
    const readPrepared = async (): Promise<string[]> => {
      const rows = await dataSource.query(
        `SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%"item"%'`,
      );
      return rows.map(({ statement }: { statement: string }) => statement);
    };
    const ask = (comment: string) => items.find({ where: { size: 10 }, comment });
    for (let round = 0; round < 3; round += 1) await ask(CUSTOM_PLAN);
    expect(await readPrepared()).toEqual([]);
    for (let round = 0; round < 3; round += 1) expect(await ask('a */ DROP')).toHaveLength(1);
    expect(await readPrepared()).toEqual([expect.stringMatching(/^\/\* a {2}DROP \*\/ SELECT/)]);
    await expect(items.find({ comment: 1 as never })).rejects.toMatchObject({ option: 'comment' });
  });
});

describe('a write under a condition', () => {
  it('changes or deletes the row of which it holds, and no other', () =>
    withItems(async (items) => {
      expect(
        await items.update(1, { size: 11 }, { where: { size: In([9, 10]), deletedAt: IsNull() } }),
      ).toMatchObject({
        size: 11,
      });
      expect(await items.update(1, { size: 12 }, { where: { size: 10 } })).toBeNull();
      expect(await items.update(1, { size: 12 }, { where: [{ size: 10 }, { label: 'two' }] })).toBeNull();
      expect(await items.delete(1, { where: { size: MoreThan(11) } })).toBeNull();
      expect(await items.find({ order: { id: 'ASC' } })).toMatchObject([{ size: 11 }, { size: 20 }]);
      expect(await items.delete(1, { where: [{ size: 10 }, { label: Not('two') }] })).toMatchObject({
        size: 11,
      });
      expect(await items.find()).toMatchObject([{ id: 2 }]);
      expect(await items.update(2, { size: 21 }, { where: {} })).toMatchObject({ size: 21 });
    }));

  it('lets one of two changes through that were meant for the same row', () =>
    withItems(async (items) => {
      await using source = await openItems(server.url, { max: 8 });
      const many = createRepository(source.dataSource, Item);
      const all = Array.from({ length: 8 }, () => many.update(1, { size: 11 }, { where: { size: 10 } }));
      const done = (await Promise.all(all)).filter((written) => written !== null);
      expect(done).toHaveLength(1);
      expect(await items.findById(1)).toMatchObject({ size: 11 });
    }));

  it('is refused where the condition names what is no column, or an option is unknown', () =>
    withItems(async (items) => {
      for (const work of [
        items.update(1, { size: 1 }, { where: { nothing: 1 } as never }),
        items.delete(1, { where: { nothing: 1 } as never }),
        items.update(1, { size: 1 }, { when: {} } as never),
        items.delete(1, { when: {} } as never),
      ])
        expect(await rejection(work)).toMatchObject({ code: 'INVALID_OPTION' });
      expect(await items.find()).toHaveLength(2);
    }));
});
