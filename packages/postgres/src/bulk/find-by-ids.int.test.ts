import type { EntityManager } from 'typeorm';
import { OWNERS } from '../test/bulk/arbitrary-rows';
import { Everything, Owner, Point, Price, Seat } from '../test/bulk/entities';
import type { BulkDatabase } from '../test/bulk/open-database';
import { openOwnedDatabase } from '../test/bulk/open-owned';
import { rejection } from '../test/settings';
import { findByIds } from './find-by-ids';
import { insertMany } from './insert-many';

const [FIRST, SECOND] = OWNERS;
const ABSENT = '00000000-0000-4000-8000-000000000000';

describe('findByIds', () => {
  let database: BulkDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openOwnedDatabase();
    manager = database.dataSource.manager;
    const points = Array.from({ length: 70_000 }, (_, id) => ({ id, x: id, y: 0, label: '' }));
    await insertMany(manager, Point, points);
  });

  beforeEach(() => database.readStatements());

  afterAll(() => database?.[Symbol.asyncDispose]());

  const readCalls = async () => (await database.readStatements()).map(({ calls }) => calls);

  it('answers in the order of the ids, null for the absent, one object for equal ids', async () => {
    const found = await findByIds(manager, Owner, [SECOND, ABSENT, FIRST, SECOND.toUpperCase()]);
    expect(found).toMatchObject(
      [{ id: SECOND, email: '1' }, null, { id: FIRST, email: '0' }, { id: SECOND }].map((row) => row ?? null),
    );
    expect(found[0]).toBeInstanceOf(Owner);
    expect(found[3]).toBe(found[0]);
    expect(await readCalls()).toEqual([1]);
  });

  it('looks up more ids than a statement can have parameters', async () => {
    const ids = Array.from({ length: 70_001 }, (_, index) => index);
    const found = await findByIds(manager, Point, ids.toReversed(), { batchSize: 80_000 });
    expect(found[0]).toBeNull();
    expect(found.slice(1).map((row) => row?.x)).toEqual(ids.toReversed().slice(1));
    expect(await readCalls()).toEqual([1]);
    // Control: an IN list has one parameter per id.
    const list = manager.createQueryBuilder(Point, 'p').where('p.id IN (:...ids)', { ids });
    expect(await rejection(list.getMany())).toMatchObject({ code: '08P01' });
  });

  it('cuts different ids into batches', async () => {
    const ids = [1, 2, 3, '1', 2, 4, 5];
    const found = await findByIds(manager, Point, ids, { batchSize: 2 });
    expect(found.map((row) => row?.id)).toEqual([1, 2, 3, 1, 2, 4, 5]);
    expect(await readCalls()).toEqual([3]);
  });

  it('sends nothing for no ids', async () => {
    expect(await findByIds(manager, Owner, [])).toEqual([]);
    expect(await readCalls()).toEqual([]);
  });

  it('looks up composite keys as pairs, not as two lists', async () => {
    const seats = [
      { ownerId: FIRST, label: 'a"' },
      { ownerId: SECOND, label: 'b,' },
      { ownerId: FIRST, label: 'b,' },
    ];
    await insertMany(
      manager,
      Seat,
      // The last has both parts of ids that are asked for, but not together.
      [...seats.slice(0, 2), { ownerId: SECOND, label: 'a"' }].map((seat) => ({ ...seat, row: 1 })),
    );
    await database.readStatements();
    const found = await findByIds(manager, Seat, [...seats.toReversed(), { ownerId: FIRST, label: 'a"' }]);
    expect(found).toEqual([null, { ...seats[1], row: 1 }, { ...seats[0], row: 1 }, { ...seats[0], row: 1 }]);
    expect(await readCalls()).toEqual([1]);
    const half = [{ ownerId: FIRST }] as unknown as [{ ownerId: string; label: string }];
    expect(await rejection(findByIds(manager, Seat, half))).toMatchObject({
      reason: 'incomplete',
      position: 1,
      column: 'label',
    });
    expect(await rejection(findByIds(manager, Seat, ['a']))).toMatchObject({ reason: 'not-an-id' });
  });

  it('applies transformers and embedded objects as any query does', async () => {
    const { rows } = await insertMany(manager, Everything, [{ list: ['a', 'b'], price: { amount: '2' } }], {
      returning: ['id'],
    });
    const [found] = await findByIds(manager, Everything, [String(rows[0]?.id)]);
    expect(found).toMatchObject({ list: ['a', 'b'], price: { amount: '2.00' } });
  });

  it('leaves out soft-deleted rows unless asked for them', async () => {
    await manager.softDelete(Owner, SECOND);
    expect(await findByIds(manager, Owner, [SECOND])).toEqual([null]);
    expect(await findByIds(manager, Owner, [SECOND], { withDeleted: true })).toMatchObject([{ id: SECOND }]);
    await manager.restore(Owner, SECOND);
  });

  it('reads in the transaction of its manager', async () => {
    await manager
      .transaction(async (transaction) => {
        await transaction.update(Owner, FIRST, { email: 'changed' });
        expect(await findByIds(transaction, Owner, [FIRST])).toMatchObject([{ email: 'changed' }]);
        expect(await findByIds(manager, Owner, [FIRST])).toMatchObject([{ email: '0' }]);
        throw new Error('rolled back on purpose');
      })
      .catch(() => {});
  });

  it('never takes a row for absent whose key is written differently', async () => {
    await insertMany(manager, Price, [{ amount: '1.5', currency: 'E' }]);
    expect(await findByIds(manager, Price, [{ amount: '1.50', currency: 'E' }])).toEqual([
      { amount: '1.50', currency: 'E  ' },
    ]);
    const error = await rejection(findByIds(manager, Price, [{ amount: '1.5', currency: 'E' }]));
    expect(error).toMatchObject({ code: 'BULK_ID_REFUSED', reason: 'spelling' });
  });

  it('refuses an id that is missing or cannot be read, and keeps ids out of its errors', async () => {
    const missing = [FIRST, undefined as unknown as string];
    expect(await rejection(findByIds(manager, Owner, missing))).toMatchObject({
      code: 'BULK_ID_REFUSED',
      reason: 'not-an-id',
      position: 2,
    });
    const secret = [{ amount: 'secret', currency: 'E' }];
    expect(await rejection(findByIds(manager, Price, secret))).toMatchObject({
      code: '22P02',
      parameters: [],
    });
    expect(await rejection(findByIds(manager, Owner, [], { batchSize: 0 }))).toMatchObject({
      option: 'batchSize',
    });
    const signal = AbortSignal.abort();
    expect(await rejection(findByIds(manager, Owner, [FIRST], { signal }))).toBe(signal.reason);
  });
});
