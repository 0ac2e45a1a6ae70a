import type { EntityManager } from 'typeorm';
import { readPoolStats } from '../data-source/read-pool-stats';
import { Animal, Cat, Everything, Owner, Point, Quoted, Stock, Ticket } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { rejection } from '../test/settings';
import { insertMany } from './insert-many';

describe('insertMany', () => {
  let database: BulkDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openBulkDatabase();
    manager = database.dataSource.manager;
  });

  beforeEach(async () => {
    await manager.query('TRUNCATE point, owner CASCADE');
    await database.readStatements();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const points = (count: number, start = 0) =>
    Array.from({ length: count }, (_, index) => ({
      id: start + index,
      x: index,
      y: -index,
      label: `${index}`,
    }));
  const countPoints = () => manager.countBy(Point, {});
  const callsOf = async (part: string) =>
    (await database.readStatements())
      .filter(({ query }) => query.includes(part))
      .reduce((sum, { calls }) => sum + calls, 0);

  it('writes 200,000 rows of four columns with four parameters a statement', async () => {
    expect(await insertMany(manager, Point, points(200_000))).toEqual({ inserted: 200_000 });
    expect(await countPoints()).toBe(200_000);
    const inserts = (await database.readStatements()).filter(({ query }) =>
      query.includes('INSERT INTO "point"'),
    );
    expect(inserts).toEqual([
      {
        query: expect.stringContaining('unnest($1::integer[], $2::integer[], $3::integer[], $4::text[])'),
        calls: 40,
      },
    ]);
  });

  it('writes NULL for an object that JSON leaves out, as repository.insert does', async () => {
    const title = { toJSON: () => undefined } as unknown as string;
    await manager.getRepository(Stock).insert({ sku: 'one', shop: 1, title });
    await insertMany(manager, Stock, [{ sku: 'many', shop: 1, title }]);
    expect(await manager.query('SELECT title FROM stock')).toEqual([{ title: null }, { title: null }]);
  });

  it('takes no connection for a query runner that was released', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.release();
    const error = await rejection(insertMany(runner.manager, Point, points(1)));
    expect(error).toMatchObject({ name: 'QueryRunnerAlreadyReleasedError' });
    expect(readPoolStats(database.dataSource).used).toBe(0);
  });

  it('control: repository.insert of 20,000 rows of four columns exceeds the protocol', async () => {
    const error = await rejection(manager.getRepository(Point).insert(points(20_000)));
    expect(error).toMatchObject({ code: '08P01' });
    expect(await countPoints()).toBe(0);
  });

  it('sends one statement for one chunk and a transaction for more', async () => {
    await insertMany(manager, Point, points(5000));
    const one = await database.readStatements();
    expect(one.map(({ query }) => query.split(' ', 2).join(' '))).toEqual(['INSERT INTO']);
    await insertMany(manager, Point, points(12_000, 5000));
    const three = await database.readStatements();
    expect(three.map(({ query, calls }) => [query.split(' ', 2).join(' '), calls])).toEqual([
      ['COMMIT', 1],
      ['INSERT INTO', 3],
      ['START TRANSACTION', 1],
    ]);
  });

  it('ends a statement at about four million characters, however few the rows', async () => {
    const wide = points(10).map((row) => ({ ...row, label: 'x'.repeat(1_500_000) }));
    await insertMany(manager, Point, wide);
    expect(await callsOf('INSERT INTO "point"')).toBe(4);
  });

  it('sends nothing for no rows', async () => {
    expect(await insertMany(manager, Point, [])).toEqual({ inserted: 0 });
    expect(await insertMany(manager, Point, [], { returning: ['id'] })).toEqual({ inserted: 0, rows: [] });
    expect(await database.readStatements()).toEqual([]);
  });

  it('gives rows back in the order of the input across shapes and chunks', async () => {
    const rows = Array.from({ length: 25 }, (_, index) => ({
      email: `${index}`,
      ...(index % 3 === 0 && { name: `n${index}` }),
    }));
    const { inserted, rows: written } = await insertMany(manager, Owner, rows, {
      returning: ['email', 'name', 'id', 'deletedAt'],
      chunkRows: 4,
    });
    expect(inserted).toBe(25);
    expect(written).toEqual(
      rows.map(({ email, name = 'nobody' }) => ({
        email,
        name,
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        deletedAt: null,
      })),
    );
  });

  it('gives embedded objects and relations back as the entity has them', async () => {
    const [owner] = (await insertMany(manager, Owner, [{ email: 'o' }], { returning: ['id'] })).rows;
    const rows = [
      { owner: owner?.id ?? null, price: { amount: '1', currency: 'EUR' }, list: ['a', 'b'] },
      { owner: { id: owner?.id ?? '' } },
      {},
    ];
    const { rows: written } = await insertMany(manager, Everything, rows, {
      returning: ['owner', 'price', 'list', 'integers', 'version'],
    });
    const absent = { price: { amount: null, currency: null }, list: null, integers: [], version: 1 };
    expect(written).toEqual([
      { ...absent, owner: { id: owner?.id }, price: { amount: '1.00', currency: 'EUR' }, list: ['a', 'b'] },
      { ...absent, owner: { id: owner?.id } },
      { ...absent, owner: null },
    ]);
  });

  it('leaves out rows that conflict when asked to, and counts and returns the others', async () => {
    await insertMany(manager, Owner, [{ email: 'b' }]);
    const rows = [{ email: 'a' }, { email: 'b' }, { email: 'c', name: 'C' }, { email: 'a' }];
    expect(await rejection(insertMany(manager, Owner, rows))).toMatchObject({ sqlState: '23505' });
    const options = { onConflict: 'ignore', returning: ['email'] } as const;
    expect(await insertMany(manager, Owner, rows, options)).toEqual({
      inserted: 2,
      rows: [{ email: 'a' }, { email: 'c' }],
    });
    expect(await insertMany(manager, Owner, rows, { onConflict: 'ignore' })).toEqual({ inserted: 0 });
  });

  it('writes all chunks or none', async () => {
    const rows = [...points(30), { id: 0, x: 0, y: 0, label: 'again' }];
    expect(await rejection(insertMany(manager, Point, rows, { chunkRows: 10 }))).toMatchObject({
      sqlState: '23505',
    });
    expect(await countPoints()).toBe(0);
  });

  it('writes all chunks or none also when a transaction goes on after a refused row', async () => {
    await manager.transaction(async (transaction) => {
      await insertMany(transaction, Point, points(1, 100));
      const rows = [...points(30), { id: 31, x: 0, y: 0, label: 'NUL \0' }];
      const error = await rejection(insertMany(transaction, Point, rows, { chunkRows: 10 }));
      expect(error).toMatchObject({
        code: 'BULK_ROW_REFUSED',
        row: 31,
        column: 'label',
        reason: 'nul-character',
      });
    });
    expect(await manager.find(Point)).toEqual([{ id: 100, x: 0, y: 0, label: '0' }]);
  });

  it('runs in the transaction of its manager', async () => {
    const failure = new Error('rolled back on purpose');
    const attempt = manager.transaction(async (transaction) => {
      await insertMany(transaction, Point, points(3));
      expect(await transaction.countBy(Point, {})).toBe(3);
      expect(await countPoints()).toBe(0);
      throw failure;
    });
    expect(await rejection(attempt)).toBe(failure);
    expect(await countPoints()).toBe(0);
  });

  it('stops between statements when it is aborted, and leaves nothing', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    function* rows() {
      yield* points(25);
      controller.abort(reason);
      yield* points(25, 25);
    }
    const attempt = insertMany(manager, Point, rows(), { chunkRows: 10, signal: controller.signal });
    expect(await rejection(attempt)).toBe(reason);
    expect(await countPoints()).toBe(0);
    expect(await callsOf('INSERT INTO "point"')).toBe(2);
    expect(await rejection(insertMany(manager, Point, points(1), { signal: controller.signal }))).toBe(
      reason,
    );
  });

  it.each([
    ['unknown-column', 'lable', { id: 1, lable: 'x' }],
    ['unknown-column', 'price.amuont', { price: { amuont: '1' } }],
    ['not-a-column', 'price', { price: '1 EUR' }],
    ['expression', 'text', { text: () => 'now()' }],
    ['bytes', 'text', { text: Buffer.from('text') }],
    ['nul-character', 'text', { text: 'a\0b' }],
  ])('refuses a row before sending anything: %s (%s)', async (reason, column, row) => {
    const entity = 'id' in row ? Point : Everything;
    const error = await rejection(insertMany(manager, entity as typeof Everything, [row as object]));
    expect(error).toMatchObject({ code: 'BULK_ROW_REFUSED', reason, column, row: 1 });
    expect(error.message).toContain(`"${column}"`);
    expect(await database.readStatements()).toEqual([]);
  });

  it('refuses a relation that is kept in the other table', async () => {
    const error = await rejection(insertMany(manager, Owner, [{ email: 'a', things: [] }]));
    expect(error).toMatchObject({ reason: 'not-a-column', column: 'things' });
  });

  it('refuses a text that is too long, where an explicit cast would cut it', async () => {
    expect(await rejection(insertMany(manager, Everything, [{ short: '123456789' }]))).toMatchObject({
      sqlState: '22001',
    });
    // Control: with the length in the type of the parameter the server cuts and says nothing.
    expect(await manager.query("SELECT * FROM unnest('{123456789}'::varchar(8)[]) AS cut")).toEqual([
      { cut: '12345678' },
    ]);
  });

  it('keeps rows out of its errors', async () => {
    const rows = [{ id: 1, x: 1, y: 1, label: 'secret' }];
    await insertMany(manager, Point, rows);
    const refused = await rejection(insertMany(manager, Point, rows));
    expect(refused).toMatchObject({ name: 'BulkWriteError' });
    expect(`${refused.message} ${JSON.stringify(refused)}`).not.toContain('secret');
    await manager.query('ALTER TABLE point RENAME TO gone');
    const failed = await rejection(insertMany(manager, Point, rows));
    await manager.query('ALTER TABLE gone RENAME TO point');
    expect(failed).toMatchObject({ name: 'QueryFailedError', code: '42P01', parameters: [] });
    const single = await rejection(manager.getRepository(Point).insert(rows));
    expect(single).toMatchObject({ parameters: expect.arrayContaining(['secret']) });
  });

  it('writes several boxes, whose arrays have a separator of their own', async () => {
    const boxes = ['(1,2),(0,0)', '(3,4),(1,1)', '(5,6),(2,2)'];
    const { rows } = await insertMany(
      manager,
      Everything,
      boxes.map((box) => ({ box, boxes: `{${box};${box}}` })),
      { returning: ['box', 'boxes'] },
    );
    expect(rows).toEqual(boxes.map((box) => ({ box, boxes: `{${box};${box}}` })));
  });

  it('quotes every name', async () => {
    const rows = [{ id: 1, text: 'a' }];
    const { rows: written } = await insertMany(manager, Quoted, rows, { returning: ['id', 'text'] });
    expect(written).toEqual(rows);
  });

  it('writes discriminators and the values given for identity columns', async () => {
    await insertMany(manager, Cat, [{ id: 40, lives: 9 }, { lives: 7 }]);
    expect(await manager.query('SELECT id, kind, lives FROM animal ORDER BY id')).toEqual([
      { id: 1, kind: 'cat', lives: 7 },
      { id: 40, kind: 'cat', lives: 9 },
    ]);
    expect(await manager.countBy(Animal, {})).toBe(2);
  });

  it('writes rows that give nothing at all', async () => {
    const { rows } = await insertMany(manager, Ticket, [{}, {}, {}], { returning: ['number', 'state'] });
    expect(rows).toEqual([1, 2, 3].map((number) => ({ number, state: 'open' })));
  });

  it('leaves the rows it is given alone', async () => {
    const row = Object.freeze({ email: 'frozen' });
    await insertMany(manager, Owner, [row]);
    expect(row).toEqual({ email: 'frozen' });
  });

  it('refuses options out of range', async () => {
    const rows = points(1);
    expect(await rejection(insertMany(manager, Point, rows, { chunkRows: 0 }))).toMatchObject({
      option: 'chunkRows',
    });
    const returning = ['nowhere'] as unknown as ['id'];
    expect(await rejection(insertMany(manager, Point, rows, { returning }))).toMatchObject({
      option: 'returning',
    });
    const onConflict = 'update' as 'ignore';
    expect(await rejection(insertMany(manager, Point, rows, { onConflict }))).toMatchObject({
      option: 'onConflict',
    });
  });
});
