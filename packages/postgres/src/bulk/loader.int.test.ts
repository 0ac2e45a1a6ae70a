import type { EntityManager } from 'typeorm';
import { OWNERS } from '../test/bulk/arbitrary-rows';
import { Owner, Point, Price, Seat } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { insertMany } from './insert-many';
import { createLoader } from './loader';

describe('createLoader', () => {
  let database: BulkDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openBulkDatabase();
    manager = database.dataSource.manager;
  });

  beforeEach(async () => {
    await manager.query('TRUNCATE point');
    await insertMany(
      manager,
      Point,
      Array.from({ length: 40 }, (_, id) => ({ id, x: id, y: 0, label: '' })),
    );
    await database.readStatements();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  /** How many statements read the table since the last look. */
  const readSelects = async () =>
    (await database.readStatements())
      .filter(({ query }) => query.startsWith('SELECT "t"') || query.startsWith('SELECT "Point"'))
      .reduce((sum, { calls }) => sum + calls, 0);
  const first32 = Array.from({ length: 32 }, (_, id) => id);

  it('makes one statement of 32 look-ups in one tick', async () => {
    const loader = createLoader(database.dataSource, Point);
    const found = await Promise.all(first32.map((id) => loader.load(id)));
    expect(found.map((row) => row?.x)).toEqual(first32);
    expect(await readSelects()).toBe(1);
  });

  it('control: 32 look-ups of the repository are 32 statements', async () => {
    await Promise.all(first32.map((id) => manager.findOneBy(Point, { id })));
    expect(await readSelects()).toBe(32);
  });

  it('gathers look-ups of callers that wait for other promises of the same tick', async () => {
    const loader = createLoader(manager, Point);
    const after = async (id: number) => {
      await Promise.resolve();
      await null;
      return loader.load(id);
    };
    await Promise.all([loader.load(1), after(2), after(3)]);
    expect(await readSelects()).toBe(1);
  });

  it('gives the same object for the same id, and null for the absent, and remembers both', async () => {
    const loader = createLoader(manager, Point);
    const [one, again, absent] = await loader.loadMany([1, '1', 99]);
    expect(one).toBeInstanceOf(Point);
    expect(again).toBe(one);
    expect(absent).toBeNull();
    expect(await loader.load(1)).toBe(one);
    expect(await loader.load(99)).toBeNull();
    expect(await readSelects()).toBe(1);
  });

  it('asks again for what was cleared', async () => {
    const loader = createLoader(manager, Point);
    await loader.load(1);
    await manager.update(Point, 1, { x: 77 });
    expect(await loader.load(1)).toMatchObject({ x: 1 });
    loader.clear(1);
    expect(await loader.load(1)).toMatchObject({ x: 77 });
  });

  it('remembers nothing when told so, and still shares within a tick', async () => {
    const loader = createLoader(manager, Point, { cache: false });
    const [one, again] = await loader.loadMany([1, 1]);
    expect(again).toBe(one);
    expect(await loader.load(1)).not.toBe(one);
    expect(await readSelects()).toBe(2);
  });

  it('keeps batches below their limit', async () => {
    const loader = createLoader(manager, Point, { maxBatchSize: 10 });
    expect((await loader.loadMany(first32)).map((row) => row?.id)).toEqual(first32);
    expect(await readSelects()).toBe(4);
  });

  it('rejects the callers of a failed batch and no others, and does not remember the failure', async () => {
    const loader = createLoader(manager, Point);
    const remembered = await loader.load(1);
    await manager.query('ALTER TABLE point RENAME TO gone');
    const [two, three, one] = await Promise.allSettled([loader.load(2), loader.load(3), loader.load(1)]);
    await manager.query('ALTER TABLE gone RENAME TO point');
    expect(two).toMatchObject({ status: 'rejected', reason: { code: '42P01' } });
    expect(three).toMatchObject({ status: 'rejected', reason: { code: '42P01' } });
    expect(one).toEqual({ status: 'fulfilled', value: remembered });
    expect(await loader.loadMany([2, 3])).toMatchObject([{ id: 2 }, { id: 3 }]);
  });

  it('rejects for an id that cannot be read, without failing the others', async () => {
    const loader = createLoader(manager, Point);
    const [missing, one] = await Promise.allSettled([
      loader.load(undefined as unknown as number),
      loader.load(1),
    ]);
    expect(missing.status).toBe('rejected');
    expect(one).toMatchObject({ status: 'fulfilled', value: { id: 1 } });
  });

  it.each<[string, unknown]>([
    ['a text that is no integer', 'secret'],
    ['an integer out of range', 2 ** 31],
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['null', null],
    ['a key without its part', {}],
    ['a function', () => 1],
  ])('fails one caller of ten for the mistake of one: %s', async (_, bad) => {
    const loader = createLoader(manager, Point);
    const ids = Array.from({ length: 10 }, (_, index) => (index === 4 ? (bad as number) : index));
    const outcomes = await Promise.allSettled(ids.map((id) => loader.load(id)));
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value?.id : 'bad'))).toEqual(
      ids.map((id, index) => (index === 4 ? 'bad' : id)),
    );
    expect(outcomes[4]).toMatchObject({
      reason: { code: 'BULK_ID_REFUSED', entity: 'Point', position: undefined },
    });
    expect((outcomes[4] as PromiseRejectedResult).reason.message).not.toContain('secret');
    expect(await readSelects()).toBe(1);
    const list = await Promise.allSettled([loader.loadMany(ids)]);
    expect(list[0]).toMatchObject({ status: 'rejected', reason: { position: 5 } });
  });

  it('fails one caller for the mistake of one with a uuid', async () => {
    const loader = createLoader(manager, Owner);
    const absent = '00000000-0000-4000-8000-000000000000';
    const outcomes = await Promise.allSettled(
      [absent, 'not-a-uuid', `{${absent}}`].map((id) => loader.load(id)),
    );
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: null },
      { status: 'rejected', reason: { reason: 'wrong-type', column: 'id' } },
      { status: 'fulfilled', value: null },
    ]);
  });

  it('control: a statement with one id that the server refuses fails for all', async () => {
    const loader = createLoader(manager, Price);
    const amounts = ['1.50', 'secret'].map((amount) => loader.load({ amount, currency: 'E' }));
    expect(await Promise.allSettled(amounts)).toMatchObject([
      { status: 'rejected', reason: { code: '22P02' } },
      { status: 'rejected', reason: { code: '22P02' } },
    ]);
  });

  it('fails for another spelling only those whose row was not found, and remembers no failure', async () => {
    await manager.query('TRUNCATE price');
    await insertMany(manager, Price, [
      { amount: '1.5', currency: 'E' },
      { amount: '2', currency: 'E' },
    ]);
    const loader = createLoader(manager, Price);
    const load = (amount: string) => loader.load({ amount, currency: 'E' });
    expect(await Promise.allSettled([load('2.00'), load('1.5'), load('2.00')])).toMatchObject([
      { status: 'fulfilled', value: { amount: '2.00' } },
      { status: 'rejected', reason: { code: 'BULK_ID_REFUSED', reason: 'spelling' } },
      { status: 'fulfilled', value: { amount: '2.00' } },
    ]);
    await manager.query('TRUNCATE price');
    expect(await load('1.5')).toBeNull();
  });

  it('sees the writes of its transaction, and forgets with it what was rolled back', async () => {
    const runner = database.dataSource.createQueryRunner();
    try {
      const loader = createLoader(runner.manager, Point);
      await runner.startTransaction();
      expect(await loader.load(1)).toMatchObject({ x: 1 });
      await runner.manager.update(Point, 1, { x: 55 });
      expect(await loader.load(1)).toMatchObject({ x: 55 });
      await database.readStatements();
      expect(await loader.loadMany([1, 2, 1])).toMatchObject([{ x: 55 }, { x: 2 }, { x: 55 }]);
      expect(await readSelects()).toBe(1);
      await runner.rollbackTransaction();
      expect(await loader.load(1)).toMatchObject({ x: 1 });
    } finally {
      await runner.release();
    }
  });

  it('loads by composite keys', async () => {
    await insertMany(
      manager,
      Owner,
      OWNERS.map((id) => ({ id, email: id })),
    );
    const [ownerId] = OWNERS;
    await insertMany(manager, Seat, [{ ownerId, label: 'a' }]);
    const loader = createLoader(manager, Seat);
    const [a, again, absent] = await loader.loadMany(['a', 'a', 'b'].map((label) => ({ ownerId, label })));
    expect(a).toMatchObject({ ownerId, label: 'a' });
    expect(again).toBe(a);
    expect(absent).toBeNull();
  });

  it('refuses options out of range', async () => {
    expect(() => createLoader(manager, Point, { maxBatchSize: 0 })).toThrow('maxBatchSize');
  });
});
