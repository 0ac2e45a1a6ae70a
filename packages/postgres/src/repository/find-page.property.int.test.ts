import fc from 'fast-check';
import { Everything } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { createRepository } from './repository';

const TABLE = '"Odd"."Every Thing"';

/** Values of each property, as the server reads them: few, so that rows tie, some of which differ by less than JavaScript can tell. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'Te xt': ['a', 'B', 'ä', '', '"\\'],
  fixed: ['a', 'ab', 'abcd'],
  insensitive: ['x', 'X', 'y'],
  integer: ['1', '2', '-3'],
  big: ['9007199254740993', '9007199254740992', '1'],
  double: ['0.1', '0.30000000000000004', 'NaN', '-Infinity'],
  numeric: ['1.50', '1.5', '2'],
  boolean: ['t', 'f'],
  timestamp: ['2026-01-01 00:00:00.000001', '2026-01-01 00:00:00.000002', 'infinity', '0044-03-15 00:00 BC'],
  interval: ['1 mon', '30 days', '00:00:00.000001'],
  bytes: ['\\x00', '\\xff00'],
  Mood: ['new', 'in "use"', 'NULL'],
  texts: ['{a}', '{a,NULL}'],
};
const PROPERTIES: Readonly<Record<string, string>> = { 'Te xt': 'text' };
const NEVER_NULL = new Set(['integer']);

const columns = Object.keys(VALUES);

/** The literal of a value at random, often NULL where there may be one. */
function drawLiteral(column: string, draw: number): string {
  const values = VALUES[column] ?? [];
  const value = values[draw % (values.length + (NEVER_NULL.has(column) ? 0 : 1))];
  return value === undefined ? 'NULL' : `'${value}'`;
}

const rows = fc.array(fc.array(fc.nat(1_000), { minLength: columns.length, maxLength: columns.length }), {
  minLength: 1,
  maxLength: 24,
});
const direction = fc.oneof(
  fc.constantFrom('ASC', 'DESC'),
  fc.record({ direction: fc.constantFrom('ASC', 'DESC'), nulls: fc.constantFrom('FIRST', 'LAST') }),
);
const orders = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom(...columns), direction), {
      selector: ([column]) => column,
      maxLength: 3,
    }),
    fc.constantFrom('ASC', 'DESC'),
  )
  .map(([terms, last]) =>
    Object.fromEntries([...terms.map(([column, way]) => [PROPERTIES[column] ?? column, way]), ['id', last]]),
  );

function renderRows(drawn: readonly (readonly number[])[]): string {
  const tuples = drawn.map((row) => `(${columns.map((column, at) => drawLiteral(column, row[at] ?? 0))})`);
  return `INSERT INTO ${TABLE} (${columns.map((column) => `"${column}"`)}) VALUES ${tuples.join()}`;
}

describe('pages of entities', () => {
  let database: BulkDatabase;
  beforeAll(async () => {
    database = await openBulkDatabase();
    // TypeORM's own business where it inserts.
    await database.dataSource.query(`ALTER TABLE ${TABLE} ALTER COLUMN version SET DEFAULT 1`);
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  /** All pages, and how many there were. */
  async function readPages(order: object, limit: number, between: () => Promise<unknown>) {
    const everything = createRepository(database.dataSource, Everything);
    const ids: string[] = [];
    let [after, count]: [string | undefined, number] = [undefined, 0];
    do {
      const page = await everything.findPage({
        order,
        limit,
        select: Object.keys(order),
        ...(after && { after }),
      });
      ids.push(...page.entities.map(({ id }) => id));
      after = page.next ?? undefined;
      count += 1;
      await between();
    } while (after !== undefined);
    return { ids, count };
  }

  it('are together what one list is', async () => {
    const { dataSource } = database;
    const everything = createRepository(dataSource, Everything);
    let pages = 0;
    await fc.assert(
      fc.asyncProperty(rows, orders, fc.integer({ min: 1, max: 6 }), async (drawn, order, limit) => {
        await dataSource.query(`TRUNCATE ${TABLE}`);
        await dataSource.query(renderRows(drawn));
        const list = await everything.find({ order });
        const { ids, count } = await readPages(order, limit, async () => {});
        expect(ids).toEqual(list.map(({ id }) => id));
        expect(count).toBe(Math.ceil(drawn.length / limit));
        pages += count;
      }),
      { numRuns: 250 },
    );
    expect(pages).toBeGreaterThan(500);
  });

  it('skip and repeat no row while others are inserted and deleted', async () => {
    const { dataSource } = database;
    const everything = createRepository(dataSource, Everything);
    await fc.assert(
      fc.asyncProperty(rows, orders, fc.integer({ min: 1, max: 6 }), async (drawn, order, limit) => {
        await dataSource.query(`TRUNCATE ${TABLE} RESTART IDENTITY`);
        await dataSource.query(renderRows(drawn));
        const list = await everything.find({ order });
        const { ids } = await readPages(order, limit, async () => {
          const [{ count }] = await dataSource.query(`SELECT count(*)::int FROM ${TABLE}`);
          if (count > 3 * drawn.length) return;
          await dataSource.query(`DELETE FROM ${TABLE} WHERE id > ${drawn.length} AND id % 2 = 0`);
          await dataSource.query(renderRows(drawn));
        });
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.filter((id) => Number(id) <= drawn.length)).toEqual(list.map(({ id }) => id));
      }),
      { numRuns: 100 },
    );
  });
});
