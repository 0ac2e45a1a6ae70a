import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { Animal, Cat, Everything } from '../test/bulk/entities';
import { openBulkDatabase } from '../test/bulk/open-database';
import { Announced, ITEM_TABLE, Item, openItems } from '../test/items';
import { rejection } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
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
    await client.query(`INSERT INTO item VALUES (1, 10, 'one', 'x', NULL)`);
  }),
);

const TWO = { id: 2, size: 20, label: 'two' };

describe('a repository that writes', () => {
  it('resolves with each row as it is in the table, and with null where there is none', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const two = await items.insert(TWO);
    expect(two).toBeInstanceOf(Item);
    expect(two).toEqual({ ...TWO, lower: '', deletedAt: null });
    expect(TWO).toEqual({ id: 2, size: 20, label: 'two' });
    expect(await items.update(2, { size: 21, lower: 'ABC' })).toEqual({ ...two, size: 21, lower: 'abc' });
    expect(await items.update(3, { size: 21 })).toBeNull();
    expect(await items.update(2, { size: 22 }, { returning: false })).toBe(true);
    expect(await items.findById(2)).toMatchObject({ size: 22 });
    expect(await items.update(3, { size: 22 }, { returning: false })).toBe(false);
    const unless = { where: { size: 21 }, returning: false } as const;
    expect(await items.update(2, { size: 23 }, unless)).toBe(false);
    expect(await items.update(2, { size: 21 }, { returning: false })).toBe(true);
    expect(await items.delete(2)).toMatchObject({ id: 2, size: 21 });
    expect(await items.delete(2)).toBeNull();
    expect(await items.find({ withDeleted: true })).toHaveLength(1);
  });

  it('inserts or takes over, in one statement', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    expect(await items.upsert(TWO, { conflict: ['id'] })).toMatchObject(TWO);
    expect(
      await items.upsert({ ...TWO, size: 22, label: 'new' }, { conflict: ['id'], update: ['size'] }),
    ).toMatchObject({
      size: 22,
      label: 'two',
    });
    expect(await items.upsert({ id: 2, size: 23, label: 'new' }, { conflict: ['id'] })).toMatchObject({
      label: 'new',
    });
    expect(await items.find()).toHaveLength(2);
  });

  it('inserts many, all or none, and gives back what is named of them', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const rows = Array.from({ length: 5 }, (_, at) => ({ id: at + 2, size: at, label: `row ${at}` }));
    expect(await items.insertMany(rows, { chunkRows: 2 })).toEqual({ inserted: 5 });
    const returning = await items.insertMany([{ id: 9, size: 1, label: 'x', lower: 'ABC' }], {
      returning: ['id', 'lower'],
    });
    // Typed by what is named.
    expect(returning.rows.map(({ id, lower }) => [id, lower])).toEqual([[9, 'abc']]);
    const again = [{ id: 10, size: 1, label: 'new' }, ...rows];
    expect(await rejection(items.insertMany(again, { chunkRows: 2 }))).toMatchObject({
      name: 'BulkWriteError',
      sqlState: '23505',
    });
    expect(await items.findById(10)).toBeNull();
    expect(await items.insertMany(again, { onConflict: 'ignore' })).toEqual({ inserted: 1 });
  });

  it('writes what each call names, whatever those before it named', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const silent = { returning: false } as const;
    expect(await items.insert({ ...TWO, lower: 'A' })).toMatchObject({ ...TWO, lower: 'a' });
    expect(await items.insert({ ...TWO, id: 3, lower: undefined as never })).toMatchObject({ lower: '' });
    for (const size of [3, 4]) {
      expect(await items.update(2, { size })).toMatchObject({ size, lower: 'a' });
      expect(await items.update(2, { size: size + 10 }, silent)).toBe(true);
      expect(await items.update(2, { label: `of ${size}` })).toMatchObject({ size: size + 10 });
      expect(await items.update(2, { size: 1, label: 'no' }, { where: { size }, ...silent })).toBe(false);
      expect(await items.update(2, { size }, { where: { size: size + 10 } })).toMatchObject({
        size,
        label: `of ${size}`,
      });
    }
    expect(await items.delete(2, { where: { size: 9 } })).toBeNull();
    for (const id of [2, 3]) expect(await items.delete(id)).toMatchObject({ id });
    expect(await items.delete(1, { where: { size: 10 } })).toMatchObject({ id: 1 });
  });

  it('reads changes wherever an object has them, and refuses what is none', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const inherited = new (class {
      get size(): number {
        return 30;
      }
    })();
    expect(await items.update(1, inherited)).toMatchObject({ size: 30, label: 'one' });
    const bare = Object.assign(Object.create(null), { size: 31, label: undefined });
    expect(await items.update(1, bare)).toMatchObject({ size: 31, label: 'one' });
    const none = expect.objectContaining({ message: expect.stringContaining('at least one property') });
    for (const changes of [{}, { label: undefined }] as never[]) {
      expect(await rejection(items.update(1, changes))).toEqual(none);
    }
    expect(await rejection(items.update(1, { size: 1, id: 2 }))).toMatchObject({
      message: expect.stringContaining('changes.id'),
    });
  });

  it('inserts many in the transaction of its manager', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const failure = new Error('rolled back');
    const work = source.dataSource.transaction(async (manager) => {
      const items = createRepository(manager, Item);
      await items.insertMany([TWO, { ...TWO, id: 3 }], { chunkRows: 1 });
      expect(await items.find()).toHaveLength(3);
      throw failure;
    });
    expect(await rejection(work)).toBe(failure);
    expect(await createRepository(source.dataSource, Item).find()).toHaveLength(1);
  });

  it('raises the version and sets the date of the update, unless the changes give them', async () => {
    await using database = await openBulkDatabase();
    const everything = createRepository(database.dataSource, Everything);
    const long = new Date(Date.UTC(2001, 0, 1));
    const { id } = await everything.insert({ text: 'a', updatedAt: long });
    const isRaised = (written: Everything | null, version: number) =>
      written?.version === version && written.updatedAt > long;
    expect(isRaised(await everything.update(id, { text: 'b' }), 2)).toBe(true);
    const given = { updatedAt: long, version: 7 };
    expect(await everything.update(id, given)).toMatchObject({ text: 'b', ...given });
    const conflict = ['id'] as const;
    expect(isRaised(await everything.upsert({ id, text: 'c' }, { conflict }), 8)).toBe(true);
    const named = { conflict, update: ['updatedAt', 'version'] as const };
    expect(await everything.upsert({ id, ...given }, named)).toMatchObject({ text: 'c', ...given });
    // Nothing is taken over.
    expect(await everything.upsert({ id }, { conflict })).toBeNull();
    expect(await everything.findById(id)).toMatchObject({ text: 'c', ...given });
  });

  it('leaves rows of another kind of entity alone, which share its table', async () => {
    await using database = await openBulkDatabase();
    const { dataSource } = database;
    const [animals, cats] = [createRepository(dataSource, Animal), createRepository(dataSource, Cat)];
    const { id } = await animals.insert({});
    expect(await cats.findById(id)).toBeNull();
    expect(await cats.update(id, { lives: 1 })).toBeNull();
    expect(await cats.delete(id)).toBeNull();
    const cat = await cats.insert({ lives: 9 });
    expect(await animals.findById(cat.id)).toStrictEqual(cat);
    expect(await animals.find({ order: { id: 'ASC' } })).toHaveLength(2);
  });

  it('writes in the transaction of its manager, and nothing is left of it when that is rolled back', async () => {
    await using source = await openItems(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource);
    const work = unitOfWork.run(async (manager) => {
      const items = createRepository(manager, Item);
      await items.insert(TWO);
      await items.delete(1);
      expect(await manager.getRepository(Item).find()).toMatchObject([TWO]);
      throw new RangeError('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await createRepository(source.dataSource, Item).find()).toMatchObject([{ id: 1 }]);
  });

  it('takes one round trip for a row, and one for all rows of a transaction that are sent together', async () => {
    await using proxy = await openProxy(server);
    await using source = await openItems(proxy.urlThrough(server.url), { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const unitOfWork = createUnitOfWork(source.dataSource, { witness: false });
    let id = 2;
    const insert = () => items.insert({ ...TWO, id: id++ });
    const transfer = () =>
      unitOfWork.run(async (manager) => {
        const own = createRepository(manager, Item);
        await own.query('SELECT * FROM item WHERE id = $1 FOR UPDATE', [1]);
        const writes = [own.update(1, { size: 11 }), own.insert({ ...TWO, id: id++ })];
        await Promise.all(writes);
      });
    const count = async (work: () => Promise<unknown>) => {
      for (let use = 0; use < 3; use += 1) await work();
      proxy.resetCounts();
      await work();
      return proxy.counts.roundTrips;
    };
    expect(await count(insert)).toBe(1);
    // BEGIN with the lock, both writes, COMMIT.
    expect(await count(transfer)).toBe(3);
  });

  it('tells what the server refuses, without its values', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const error = await rejection(items.insert({ ...TWO, id: 1, label: 'never-shown' }));
    expect(error).toMatchObject({ name: 'QueryFailedError', parameters: [], driverError: { code: '23505' } });
    expect(String(error)).not.toContain('never-shown');
  });

  it.each<[string, (items: ReturnType<typeof createRepository<Item>>) => Promise<unknown>, RegExp]>([
    ['a property that is unknown', (items) => items.insert({ ...TWO, nothing: 1 } as object), /nothing/],
    [
      'a change of nothing',
      (items) => items.update(1, {}),
      /changes must be an object with at least one property/,
    ],
    [
      'a change of the key',
      (items) => items.update(1, { id: 3 }),
      /changes.id must be a property of Item that is changed/,
    ],
    [
      'an expression',
      (items) => items.update(1, { size: (() => '1') as never }),
      /a function cannot be written/,
    ],
    [
      'an answer that is neither wanted nor not',
      (items) => items.update(1, { size: 1 }, { returning: 'no' as never }),
      /returning must be/,
    ],
    ['an id that is none', (items) => items.delete('one' as never), /id/],
    ['an upsert without its key', (items) => items.upsert({ size: 1 }, { conflict: ['id'] }), /id/],
    [
      'an upsert that is known by nothing',
      (items) => items.upsert(TWO, { conflict: [] }),
      /conflict must be a list/,
    ],
  ])('refuses %s by name, and writes nothing', async (_what, write, message) => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    expect(String(await rejection(write(items)))).toMatch(message);
    expect(await items.find()).toMatchObject([{ id: 1, size: 10 }]);
  });

  it('refuses to write past a listener or a subscriber, which would hear of nothing', async () => {
    await using source = await openItems(server.url);
    const announced = createRepository(source.dataSource, Announced);
    expect(String(await rejection(announced.insert(TWO)))).toMatch(
      /Announced does not support the listener announce/,
    );
    expect(String(await rejection(announced.insertMany([TWO])))).toMatch(/the listener announce/);
    source.dataSource.subscribers.push({ listenTo: () => Item, afterRemove: () => undefined });
    const items = createRepository(source.dataSource, Item);
    expect(String(await rejection(items.delete(1)))).toMatch(/subscribers of removes/);
    expect(await items.find()).toHaveLength(1);
  });

  it('does not say that a row is there which a trigger has kept out', async () => {
    await withClient(server.url, (client) =>
      client.query(`
        CREATE OR REPLACE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER keep_out BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION keep_out()`),
    );
    await using source = await openItems(server.url);
    expect(await rejection(createRepository(source.dataSource, Item).insert(TWO))).toMatchObject({
      code: 'ROW_SUPPRESSED',
    });
  });
});
