import { isUniqueViolation } from '@holdfast/resilience/postgres';
import type { EntityManager } from 'typeorm';
import { OWNERS } from '../test/bulk/arbitrary-rows';
import { Everything, Owner, Point, Seat, Stock } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { point } from '../test/bulk/produce';
import { rejection } from '../test/settings';
import type { BulkRow } from './bulk-row';
import { BulkWriteError } from './bulk-write-error';
import { insertMany } from './insert-many';
import { upsertMany } from './upsert-many';

describe('what is told of rows that the server refuses', () => {
  let database: BulkDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openBulkDatabase();
    manager = database.dataSource.manager;
  });

  beforeEach(async () => {
    await manager.query('TRUNCATE point, owner, stock, seat CASCADE');
    await insertMany(
      manager,
      Owner,
      OWNERS.map((id, index) => ({ id, email: `${index}` })),
    );
    await database.readStatements();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const refused = async (work: Promise<unknown>): Promise<BulkWriteError> => {
    const error = await rejection(work);
    expect(error).toBeInstanceOf(BulkWriteError);
    return error as BulkWriteError;
  };
  const points = (count: number) => Array.from({ length: count }, (_, index) => point(index));
  /** The rows, one of them changed: positions begin with 1. */
  const spoil = <Row extends object>(rows: readonly Row[], position: number, change: object): Row[] =>
    rows.map((row, index) => (index + 1 === position ? { ...row, ...change } : row));

  it.each<[string, string, unknown]>([
    ['22P02', 'integer', 'secret'],
    ['22P02', 'integer', ''],
    ['22P02', 'integer', 'a"b: "secret"'],
    ['22P02', 'integer', '7 is "7" is out of range'],
    ['22003', 'integer', 99_999_999_999],
    ['22003', 'small', 40_000],
    ['22003', 'double', '1e999'],
    ['22P02', 'token', 'secret'],
    ['22P02', 'numeric', 'secret'],
    ['22P02', 'Mood', 'Odd'],
    ['22P02', 'Mood', 'x": "new'],
    ['22P02', 'boolean', 'secret'],
    ['22007', 'date', 'secret'],
    ['22008', 'date', '2024-13-01'],
    ['22007', 'timestamptz', new Date(Number.NaN)],
    ['22P02', 'inet', 'secret'],
    ['22P02', 'range', 'secret'],
    ['22001', 'short', 'too long for it'],
    ['22001', 'fixed', '12345'],
    ['22001', 'short', '😀😀😀😀😀😀😀😀😀'],
  ])('names the row and the column of a value that is none: %s in %s (%#)', async (code, column, value) => {
    // Five characters in ten units, and spaces beyond the length, which are cut.
    const short = '😀😀😀😀😀    ';
    const valid = { integer: 1, small: 1, double: 1, short, fixed: 'b', Mood: 'new', numeric: '1' };
    const rows: BulkRow<Everything>[] = Array.from({ length: 9 }, () => ({
      ...valid,
      [column]: column in valid ? valid[column as 'small'] : null,
      ...(column === 'token' && { token: OWNERS[0] }),
    }));
    const bad = spoil(rows, 7, { [column]: value });
    const error = await refused(insertMany(manager, Everything, [...bad, { ...bad[6] }]));
    expect(error).toMatchObject({
      name: 'BulkWriteError',
      code: 'BULK_WRITE_REFUSED',
      entity: 'Everything',
      row: 7,
      candidates: [7],
      column,
      sqlState: code,
      cause: { code, name: 'error' },
    });
    expect(error.message).toBe(`Row 7 for Everything was refused by the server: ${code}, column ${column}`);
  });

  it('takes no valid value for the one that the server quotes a part of', async () => {
    // The server quotes the digit alone, which is a valid value of the first row.
    const rows = [{ bytes: 'z' }, { bytes: '\\xzz' }] as unknown as BulkRow<Everything>[];
    const error = await refused(insertMany(manager, Everything, rows));
    expect((error.cause as Error).message).toContain('"z"');
    expect(error).toMatchObject({ row: undefined, candidates: [1, 2], column: 'bytes', sqlState: '22023' });
  });

  it('names the column of a value that its type calls a syntax error', async () => {
    const rows = [{ ltree: null }, { ltree: 'a!b' }];
    expect(await refused(insertMany(manager, Everything, rows))).toMatchObject({
      candidates: [1, 2],
      column: 'ltree',
      sqlState: '42601',
    });
  });

  it('names the first text that is too long, where several columns have its length', async () => {
    const long = 'too long for it';
    const rows = [
      { short: 'a', alias: 'a' },
      { short: 'a', alias: long },
      { short: long, alias: long },
    ];
    expect(await refused(insertMany(manager, Everything, rows))).toMatchObject({ row: 2, column: 'alias' });
    expect(await refused(insertMany(manager, Everything, rows.toReversed()))).toMatchObject({
      row: 1,
      column: 'short',
    });
  });

  it('claims no row where the text that is too long is an element of an array', async () => {
    const rows = [{ shorts: ['a', 'b', 'c'] }, { shorts: ['too long'] }];
    expect(await refused(insertMany(manager, Everything, rows))).toMatchObject({
      candidates: [1, 2],
      column: undefined,
      sqlState: '22001',
    });
  });

  it('names the first row that gives null where the table has none, and the column where no row gives it', async () => {
    const rows = spoil(points(9), 4, { label: null });
    expect(
      await refused(insertMany(manager, Point, [...rows, { ...point(10), label: null as never }])),
    ).toMatchObject({ row: 4, column: 'label', sqlState: '23502' });
    const without = points(3).map(({ label: _, ...row }) => row);
    expect(await refused(insertMany(manager, Point, without))).toMatchObject({
      row: undefined,
      candidates: [1, 2, 3],
      column: 'label',
      sqlState: '23502',
    });
  });

  it('names the row whose key is there already, and both where two rows have it', async () => {
    await insertMany(manager, Point, [point(5)]);
    const error = await refused(insertMany(manager, Point, points(9)));
    expect(error).toMatchObject({ row: 6, column: 'id', sqlState: '23505' });
    expect(error.constraint).toMatch(/^PK_/);
    expect(error.message).toBe(
      `Row 6 for Point was refused by the server: 23505, column id, constraint ${error.constraint}`,
    );
    expect(isUniqueViolation(error, String(error.constraint))).toBe(true);
    const twice = spoil(points(4), 4, { id: '01' }).map((row) => ({ ...row, id: Number(row.id) + 20 }));
    expect(await refused(insertMany(manager, Point, twice))).toMatchObject({
      row: undefined,
      candidates: [2, 4],
    });
  });

  it('reads keys as the server writes them, and claims nothing for types that it writes in its own way', async () => {
    const id = OWNERS[0].toUpperCase();
    const [fresh] = ['11111111-0000-4000-8000-00000000000a'];
    const owners = [
      { id: fresh, email: 'new' },
      { id: `{${id}}`, email: 'again' },
    ] as BulkRow<Owner>[];
    expect(await refused(insertMany(manager, Owner, owners))).toMatchObject({ row: 2, column: 'id' });
    await insertMany(manager, Stock, [{ sku: 'a, b', shop: 1 }]);
    const stocks = [
      { sku: 'a', shop: 1 },
      { sku: 'a, b', shop: '01' as unknown as number },
    ];
    expect(await refused(insertMany(manager, Stock, stocks))).toMatchObject({
      row: 2,
      column: undefined,
      sqlState: '23505',
    });
    await manager
      .transaction(async (transaction) => {
        await transaction.query('CREATE UNIQUE INDEX ON "Odd"."Every Thing" (numeric)');
        // The first is written and printed as the second would be.
        const numbers = [{ numeric: '1.500' }, { numeric: '1.5' }];
        expect(await refused(insertMany(transaction, Everything, numbers))).toMatchObject({
          candidates: [1, 2],
          column: 'numeric',
        });
        throw new Error('rolled back on purpose');
      })
      .catch((error: Error) => expect(error.message).toBe('rolled back on purpose'));
  });

  it('names the first row whose foreign key leads nowhere', async () => {
    const ownerId = '00000000-0000-4000-8000-000000000000';
    const seats = OWNERS.map((owner) => ({ ownerId: owner as string, label: 'a' }));
    const rows = [...seats, { ownerId, label: 'x' }, { ownerId, label: 'y' }];
    const error = await refused(insertMany(manager, Seat, rows));
    expect(error).toMatchObject({ row: 3, column: 'ownerId', sqlState: '23503' });
    expect(error.constraint).toMatch(/^FK_/);
  });

  it('names the rows of the statement that failed, where no single one can be told', async () => {
    await manager.query('ALTER TABLE point ADD CONSTRAINT small CHECK (x < 1000)');
    try {
      const rows = spoil(points(30), 25, { x: 5000 });
      const error = await refused(insertMany(manager, Point, rows, { chunkRows: 10 }));
      expect(error).toMatchObject({
        row: undefined,
        column: undefined,
        sqlState: '23514',
        constraint: 'small',
      });
      expect(error.candidates).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
      expect(error.message).toBe(
        'One of 10 rows for Point, which lie between row 21 and row 30, was refused by the server: 23514, constraint small',
      );
      expect(await manager.countBy(Point, {})).toBe(0);
    } finally {
      await manager.query('ALTER TABLE point DROP CONSTRAINT small');
    }
  });

  it('counts positions in the input where rows are gathered by their shape, or sorted by their key', async () => {
    const mixed = Array.from({ length: 8 }, (_, index) => ({
      email: `m${index}`,
      ...(index % 2 === 1 && { name: index === 5 ? (null as unknown as string) : 'n' }),
    }));
    expect(await refused(insertMany(manager, Owner, mixed))).toMatchObject({ row: 6, column: 'name' });
    const sorted = points(20).toReversed();
    const rows = spoil(sorted, 3, { x: 'secret' });
    const options = { conflict: ['id'], chunkRows: 5 } as const;
    expect(await refused(upsertMany(manager, Point, rows, options))).toMatchObject({ row: 3, column: 'x' });
  });

  it('claims no row for the key of an upsert, which an existing row may have kept', async () => {
    const rows = [{ id: OWNERS[0] as string, email: '1' }, { email: 'c' }];
    const withIds = rows.map((row, index) => ({ id: OWNERS[index] as string, ...row }));
    const error = await refused(upsertMany(manager, Owner, withIds.toReversed(), { conflict: ['id'] }));
    expect(error).toMatchObject({ row: undefined, candidates: [1, 2], sqlState: '23505' });
  });

  it('claims no row for what a trigger raises, or another table refuses', async () => {
    await manager.query(`
      CREATE TABLE other (id integer PRIMARY KEY, label varchar(4) NOT NULL);
      CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.y = -1 THEN 
          RAISE not_null_violation USING COLUMN = 'label', TABLE = 'point';
        END IF;
        INSERT INTO other VALUES (NEW.x, CASE NEW.y WHEN -2 THEN 'long one' WHEN -3 THEN NULL ELSE 'ok' END);
        RETURN NEW;
      END $$;
      CREATE TRIGGER copy BEFORE INSERT ON point FOR EACH ROW EXECUTE FUNCTION copy()`);
    try {
      for (const [y, sqlState] of [
        [-1, '23502'],
        [-2, '22001'],
        [-3, '23502'],
      ] as const) {
        // What the server says of another row holds for the last too, which it has not looked at.
        const unseen = { ...point(12), label: null as unknown as string };
        const rows = [{ ...point(10), y: 0 }, { ...point(11), y }, unseen];
        const error = await refused(insertMany(manager, Point, rows));
        expect(error).toMatchObject({ candidates: [1, 2, 3], column: undefined, sqlState });
      }
      const same = [
        { ...point(7), y: 0 },
        { ...point(8), x: 7, y: 0 },
      ];
      expect(await refused(insertMany(manager, Point, same))).toMatchObject({
        candidates: [1, 2],
        sqlState: '23505',
      });
    } finally {
      await manager.query('DROP FUNCTION copy CASCADE; DROP TABLE other');
    }
  });
});
