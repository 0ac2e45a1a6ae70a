import type { EntityManager } from 'typeorm';
import { Everything, Owner, Point, Seat, Stock } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase, openOn } from '../test/bulk/open-database';
import { point } from '../test/bulk/produce';
import { rejection } from '../test/settings';
import { copyIn } from './copy-in';
import { findByIds } from './find-by-ids';
import { insertMany } from './insert-many';
import { createLoader } from './loader';
import { upsertMany } from './upsert-many';

/** What the types refuse too is marked: the type check fails where a mistake would compile. */
describe('what the bulk functions say of wrong arguments', () => {
  let database: BulkDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openBulkDatabase();
    manager = database.dataSource.manager;
  });

  beforeEach(() => database.readStatements());

  afterEach(async () => {
    expect(await database.readStatements()).toEqual([]);
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const key = { conflict: ['id'] } as const;
  /** Runs what may throw at once as if it were all asynchronous. */
  const refusal = (work: () => unknown) => rejection((async () => work())());

  /** Every function with these as its DataSource, its entity and its rows or ids. */
  const callAll = (source: unknown, entity: unknown, rows: unknown, ids: unknown) => {
    const [at, of, of1, these] = [source as EntityManager, entity as typeof Point, rows as [], ids as []];
    return [
      () => insertMany(at, of, of1),
      () => upsertMany(at, of, of1, key),
      () => copyIn(at, of, of1),
      () => findByIds(at, of, these),
      () => createLoader(at, of).loadMany(these),
    ];
  };

  it('names an option that nobody reads, and those that there are', async () => {
    const refusals = [
      // @ts-expect-error misspelt
      await rejection(insertMany(manager, Point, [], { chunkSise: 5 })),
      // @ts-expect-error misspelt
      await rejection(upsertMany(manager, Point, [], { ...key, updates: [] })),
      // @ts-expect-error misspelt
      await rejection(copyIn(manager, Point, [], { chunkRows: 5 })),
      // @ts-expect-error misspelt
      await rejection(findByIds(manager, Point, [], { chunkRows: 5 })),
      // @ts-expect-error misspelt
      await refusal(() => createLoader(manager, Point, { batchSize: 5 })),
    ];
    expect(refusals.map((error) => error.message)).toEqual([
      'insertMany option must be one of onConflict, chunkRows, returning, signal, but is "chunkSise"',
      'upsertMany option must be one of conflict, update, whenUnchanged, chunkRows, signal, but is "updates"',
      'copyIn option must be one of columns, chunkCharacters, signal, but is "chunkRows"',
      'findByIds option must be one of batchSize, withDeleted, signal, but is "chunkRows"',
      'createLoader option must be one of maxBatchSize, cache, withDeleted, but is "batchSize"',
    ]);
    expect(refusals.every((error) => error.name === 'InvalidOptionError')).toBe(true);
  });

  it('refuses options that are no object', async () => {
    // @ts-expect-error missing
    expect(await rejection(upsertMany(manager, Point, []))).toMatchObject({ option: 'upsertMany options' });
    // @ts-expect-error not an object
    expect(await rejection(insertMany(manager, Point, [], 5000))).toMatchObject({
      option: 'insertMany options',
    });
  });

  it.each(['conflict', 'update', 'returning', 'columns'])('refuses %s when it is no list', async (option) => {
    const list = 'sku' as unknown as ['sku'];
    const calls: Record<string, () => Promise<unknown>> = {
      conflict: () => upsertMany(manager, Stock, [], { conflict: list }),
      update: () => upsertMany(manager, Stock, [], { conflict: ['sku'], update: list }),
      returning: () => insertMany(manager, Stock, [], { returning: list }),
      columns: () => copyIn(manager, Stock, [], { columns: list }),
    };
    const error = await refusal(() => calls[option]?.());
    expect(error).toMatchObject({ name: 'InvalidOptionError', option });
    expect(error.message).toBe(`${option} must be a list of properties of Stock, but is "sku"`);
  });

  it('refuses a signal that cannot end anything, and a flag that is neither true nor false', async () => {
    const signal = { aborted: true } as AbortSignal;
    for (const call of [
      insertMany(manager, Point, [], { signal }),
      upsertMany(manager, Point, [], { ...key, signal }),
      copyIn(manager, Point, [], { signal }),
      findByIds(manager, Point, [], { signal }),
    ]) {
      expect(await rejection(call)).toMatchObject({ name: 'InvalidOptionError', option: 'signal' });
    }
    // @ts-expect-error a text
    expect(await rejection(findByIds(manager, Point, [], { withDeleted: 'no' }))).toMatchObject({
      option: 'withDeleted',
    });
    // @ts-expect-error a number
    expect(await refusal(() => createLoader(manager, Point, { cache: 0 }))).toMatchObject({
      option: 'cache',
    });
  });

  it.each<[string, unknown, string]>([
    ['a repository', 'repository', '"an instance of Repository"'],
    ['a text', 'postgres://user:secret@host/db', '"a string"'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a query runner', {}, '"an object"'],
  ])('refuses %s where a DataSource belongs', async (_, value, told) => {
    const source = value === 'repository' ? manager.getRepository(Point) : value;
    for (const call of callAll(source, Point, [point(1)], [1])) {
      const error = await refusal(call);
      expect(error).toMatchObject({ name: 'InvalidOptionError', option: 'source' });
      expect(error.message).toBe(
        `source must be a DataSource or an EntityManager (that of a repository is its manager), but is ${told}`,
      );
    }
    // @ts-expect-error a repository
    insertMany(manager.getRepository(Point), Point, []).catch(() => {});
  });

  it.each<[unknown, string]>([
    [class Unlisted {}, 'the function Unlisted'],
    [undefined, 'undefined'],
    [null, 'null'],
    [[{ id: 'secret' }], '"an array"'],
    [{ id: 'secret' }, '"an object"'],
  ])('refuses an entity that the DataSource does not know (%#)', async (entity, told) => {
    for (const call of callAll(manager, entity, [point(1)], [1])) {
      const error = await refusal(call);
      expect(error).toMatchObject({ name: 'InvalidOptionError', option: 'entity' });
      expect(error.message).toBe(
        `entity must be an entity class that the DataSource lists among its entities, but is ${told}`,
      );
    }
  });

  it('says that a DataSource is not open, rather than that it knows no entity', async () => {
    const closed = openOn(database.url);
    for (const call of callAll(closed, Point, [point(1)], [1])) {
      expect(await refusal(call)).toMatchObject({ code: 'DATA_SOURCE_NOT_OPEN' });
    }
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '"a number"'],
    ['secret', '"a string"'],
    [{ id: 'secret' }, '"an object"'],
    [Promise.resolve([]), '"an instance of Promise"'],
  ])('refuses rows and ids that are no list (%#)', async (value, told) => {
    const names = ['rows', 'rows', 'rows', 'ids', 'ids'];
    for (const [index, call] of callAll(manager, Point, value, value).entries()) {
      const error = await refusal(call);
      expect(error).toMatchObject({ name: 'InvalidOptionError', option: names[index] });
      expect(error.message).toMatch(/^(rows|ids) must be an .*(rows|ids), but is /);
      expect(error.message.endsWith(`but is ${told}`)).toBe(true);
    }
  });

  it('refuses rows that must be waited for where only copyIn would', async () => {
    async function* rows() {
      yield point(1);
    }
    // @ts-expect-error asynchronous
    const error = await rejection(insertMany(manager, Point, rows()));
    expect(error).toMatchObject({ option: 'rows' });
    expect(error.message).toContain('synchronous');
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [7, 'a number'],
    ['secret', 'a string'],
    [['secret'], 'an array'],
    [() => point(2), 'a function'],
    [Promise.resolve(point(2)), 'an instance of Promise'],
  ])('refuses a row that is none, with its position (%#)', async (row, given) => {
    for (const call of callAll(manager, Point, [point(1), row], []).slice(0, 3)) {
      const error = await refusal(call);
      expect(error).toMatchObject({ code: 'BULK_ROW_REFUSED', reason: 'not-a-row', row: 2, given });
      expect(error.message).toBe(
        `Row 2 for Point was refused: it must be an object with properties of the entity, but is ${given}`,
      );
    }
    // copyIn has begun when it meets its second row.
    await database.readStatements();
  });

  it('names the row and the column of a value that cannot be turned into text', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const row of [{ jsonb: 5n }, { jsonb: cyclic }, { jsonb: { deep: [1n] } }]) {
      const error = await rejection(insertMany(manager, Everything, [{}, row]));
      expect(error).toMatchObject({ reason: 'unreadable', row: 2, column: 'jsonb' });
      expect(error.cause).toBeInstanceOf(TypeError);
    }
  });

  it.each<[unknown, string, string | undefined]>([
    [null, 'not-an-id', undefined],
    [undefined, 'not-an-id', undefined],
    [Number.NaN, 'not-an-id', undefined],
    [new Date(Number.NaN), 'not-an-id', undefined],
    [Symbol('secret'), 'not-an-id', undefined],
    [[1], 'not-an-id', undefined],
    [() => 1, 'not-an-id', undefined],
    [{}, 'incomplete', 'id'],
    [{ id: null }, 'incomplete', 'id'],
    [{ id: undefined, x: 1 }, 'incomplete', 'id'],
    [{ id: () => 1 }, 'unreadable', 'id'],
    ['1\0', 'unreadable', 'id'],
    [Buffer.from('1'), 'unreadable', 'id'],
    ['secret', 'wrong-type', 'id'],
  ])('refuses an id that cannot be one, with its position (%#)', async (id, reason, column) => {
    const error = await rejection(findByIds(manager, Point, [1, id as number]));
    expect(error).toMatchObject({ code: 'BULK_ID_REFUSED', entity: 'Point', reason, position: 2, column });
    expect(error.message).toMatch(/^Id 2 for Point /);
    expect(error.message).not.toContain('secret');
  });

  it('tells what of a composite key is missing, and that one value is not enough', async () => {
    const half = { ownerId: '00000000-0000-4000-8000-000000000000' };
    const incomplete = await rejection(findByIds(manager, Seat, [half]));
    expect(incomplete.message).toBe('Id 1 for Seat lacks a part of the primary key: label');
    const single = await rejection(findByIds(manager, Seat, ['secret']));
    expect(single.message).toBe(
      'Id 1 for Seat must be a value of the primary key or an object with its properties, but is a string',
    );
  });

  it('takes a manager and a DataSource, and a row of any class', async () => {
    const row = Object.assign(new Owner(), { email: 'a' });
    for (const source of [manager, database.dataSource]) {
      expect(await insertMany(source, Owner, [row], { onConflict: 'ignore' })).toMatchObject({});
    }
    expect(await insertMany(manager, Owner, new Set([{ email: 'b' }]))).toEqual({ inserted: 1 });
    await database.readStatements();
  });

  it('control: a row without properties is one of defaults, which a promise would be too', async () => {
    expect(Object.keys(Promise.resolve(point(2)))).toEqual([]);
    expect(await insertMany(manager, Everything, [{}])).toEqual({ inserted: 1 });
    await database.readStatements();
  });
});
