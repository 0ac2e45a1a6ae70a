import type { DataSource, QueryRunner } from 'typeorm';
import { createOrders, runRecipe } from '../test/orders';
import { readSchema } from '../test/read-schema';
import { openScratch, type Scratch } from '../test/scratch';
import { backfill } from './backfill';
import { ensureCheck } from './ensure-check';
import { ensureEnumValue } from './ensure-enum-value';
import { ensureForeignKey } from './ensure-foreign-key';
import { ensureNotNull } from './ensure-not-null';
import { ensureUnique } from './ensure-unique';

type Recipe = (runner: QueryRunner) => Promise<void>;

const column = { table: 'orders', column: 'amount' };
const foreignKey = {
  table: 'orders',
  name: 'orders_customer_fk',
  columns: ['customer_id'],
  references: { table: 'customers', columns: ['id'] },
};
const check = { table: 'orders', name: 'orders_amount_positive', expression: 'amount > 0' };
const unique = { table: 'orders', name: 'orders_code_key', columns: ['code'] };

/** A recipe, what spoils the row of id 7 (and 8), and what is said of it before the query. */
const VIOLATIONS: readonly [string, Recipe, string[], string][] = [
  [
    'a NULL',
    (r) => ensureNotNull(r, column),
    ['update orders set amount = null where id in (7, 8)'],
    'column amount of public.orders cannot be NOT NULL: there are rows with NULL in it; nothing of it is left; put ' +
      `await backfill(queryRunner, { table: 'orders', set: '"amount" = <value>', where: '"amount" IS NULL' }) ` +
      'before it and run again; to list them: ',
  ],
  [
    'a NULL, where a run that was killed has left its check',
    (r) => ensureNotNull(r, { ...column, schema: 'public' }),
    [
      'update orders set amount = null where id in (7, 8)',
      'alter table orders add constraint amount_hf_not_null check (amount is not null) not valid',
    ],
    'column amount of public.orders cannot be NOT NULL: there are rows with NULL in it; nothing of it is left; put ' +
      `await backfill(queryRunner, { schema: 'public', table: 'orders', set: '"amount" = <value>', where: '"amount" IS NULL' }) ` +
      'before it and run again; to list them: ',
  ],
  [
    'an orphan',
    (r) => ensureForeignKey(r, foreignKey),
    [
      'update orders set customer_id = 4711 where id in (7, 8)',
      'update orders set customer_id = null where id = 9',
    ],
    'foreign key orders_customer_fk of public.orders (customer_id): there are rows that refer to none of ' +
      'public.customers (id); nothing of it is left; mend the rows and run again; to list them: ',
  ],
  [
    'a row that fails the check',
    (r) => ensureCheck(r, check),
    ['update orders set amount = -4711 where id in (7, 8)', 'update orders set amount = null where id = 9'],
    'check orders_amount_positive of public.orders (amount): there are rows that fail it; nothing of it is left; ' +
      'mend the rows and run again; to list them: ',
  ],
  [
    'a row that fails the check that takes the place of another',
    (r) => ensureCheck(r, check),
    [
      'alter table orders add constraint orders_amount_positive check (amount > -9999)',
      'update orders set amount = -4711 where id in (7, 8)',
    ],
    'check orders_amount_positive of public.orders (amount): there are rows that fail it; nothing of it is left; ' +
      'mend the rows and run again; to list them: ',
  ],
];

describe('what recipes say', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  const reset = (more: readonly string[] = []) => createOrders(dataSource, more);
  const failureOf = (recipe: Recipe): Promise<Error & { cause?: unknown }> =>
    runRecipe(dataSource, recipe).then(
      () => {
        throw new Error('it was not refused');
      },
      (error: unknown) => error as Error,
    );

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  describe.each(VIOLATIONS)('of %s', (_, recipe, spoil, said) => {
    it('names table and columns and has the query that lists the rows, without a value or a name of its own', async () => {
      await reset(spoil);
      const failure = await failureOf(recipe);
      expect(failure).toMatchObject({ code: 'HOLDFAST_CONSTRAINT_VIOLATED' });
      expect(failure.message).toContain(said);
      expect(failure.message).not.toMatch(/_hf_|4711/);
      const query = failure.message.slice(said.length);
      const rows: { id: number }[] = await dataSource.query(`${query} order by id`);
      expect(rows.map(({ id }) => id)).toEqual([7, 8]);
      expect((await readSchema(dataSource)).filter((line) => /_hf_|valid=f/.test(line))).toEqual([]);
    });
  });

  it.each([
    ['alone', []],
    ['in place of another', ['alter table orders add constraint orders_code_key unique (id, code)']],
  ])('of equal rows names the unique constraint and has the query, %s', async (_, start) => {
    await reset([...start, `update orders set code = 'x4711' where id in (7, 8)`]);
    const failure = await failureOf((r) => ensureUnique(r, unique));
    const said =
      'unique constraint orders_code_key of public.orders (code): there are rows with equal keys; nothing of it is ' +
      'left; mend the rows and run again; to list them: ';
    expect(failure).toMatchObject({ code: 'HOLDFAST_CONSTRAINT_VIOLATED' });
    expect(failure.message).toContain(said);
    expect(failure.message).not.toMatch(/_hf_|4711/);
    const rows = await dataSource.query(failure.message.slice(said.length));
    expect(rows).toEqual([{ code: 'x4711', count: '2' }]);
  });

  it('lets the backfill that it proposes make way', async () => {
    await reset(['update orders set amount = null where id in (7, 8)']);
    const { message } = await failureOf((r) => ensureNotNull(r, column));
    const [, proposed = ''] = /put (await backfill\(.*\}\)) before/.exec(message) ?? [];
    const call = new Function(
      'backfill',
      'queryRunner',
      `return (async () => { ${proposed.replace('<value>', '0')} })()`,
    );
    await runRecipe(dataSource, (r) => call(backfill, r));
    await runRecipe(dataSource, (r) => ensureNotNull(r, column));
    expect(await readSchema(dataSource)).toContain('column orders.amount integer not null');
  });

  it.each<[string, Recipe, string, string]>([
    [
      'a check that the server does not understand',
      (r) => ensureCheck(r, { ...check, expression: 'amount > now() and code > 1' }),
      'constraint orders_amount_positive of public.orders: operator does not exist: ',
      '(SQLSTATE 42883)',
    ],
    [
      'a foreign key to a column of another type',
      (r) => ensureForeignKey(r, { ...foreignKey, columns: ['code'] }),
      'constraint orders_customer_fk of public.orders (code): ',
      '(SQLSTATE 42804)',
    ],
    [
      'a backfill that another constraint refuses',
      (r) => backfill(r, { table: 'orders', set: 'id = null' }),
      'public.orders: null value in column "id"',
      '(SQLSTATE 23502)',
    ],
    [
      'an enum value beside one that is not there',
      (r) => ensureEnumValue(r, { type: 'mood', value: 'x', after: 'nowhere' }),
      'enum type public.mood: "nowhere" is not an existing enum label',
      '(SQLSTATE 22023)',
    ],
    [
      'a backfill that a value refuses',
      (r) => backfill(r, { table: 'orders', set: `amount = (code || '4711')::integer` }),
      'public.orders: the server refuses a value ',
      '(SQLSTATE 22P02)',
    ],
  ])('names the table of %s, and no value', async (_, recipe, start, end) => {
    await reset();
    const failure = await failureOf(recipe);
    expect(failure).toMatchObject({ code: 'HOLDFAST_RECIPE_REFUSED' });
    expect(failure.message.slice(0, start.length)).toBe(start);
    expect(failure.message.endsWith(end)).toBe(true);
    expect(failure.message).not.toContain('4711');
    expect(failure.cause).toMatchObject({ driverError: { code: end.slice(10, 15) } });
  });
});
