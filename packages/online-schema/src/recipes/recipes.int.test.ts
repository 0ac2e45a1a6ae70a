import type { DataSource, QueryRunner } from 'typeorm';
import { attachRun } from '../migration/run-context';
import { StatementNotes } from '../run/statement-notes';
import { killBefore } from '../test/kill-session';
import { createOrders, runRecipe } from '../test/orders';
import { readSchema } from '../test/read-schema';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { dropConstraint } from './drop-constraint';
import { dropEnumValue } from './drop-enum-value';
import { ensureCheck } from './ensure-check';
import { ensureEnumValue } from './ensure-enum-value';
import { ensureForeignKey } from './ensure-foreign-key';
import { dropNotNull, ensureNotNull } from './ensure-not-null';
import { ensureUnique } from './ensure-unique';

const foreignKey = {
  table: 'orders',
  name: 'orders_customer_fk',
  columns: ['customer_id'],
  references: { table: 'customers', columns: ['id'] },
  onDelete: 'CASCADE',
} as const;
const check = { table: 'orders', name: 'orders_amount_positive', expression: 'amount > 0' };
const unique = { table: 'orders', name: 'orders_code_key', columns: ['code', 'id'] };
const enumValue = { type: 'mood', value: 'away', after: 'calm' };
const column = { table: 'orders', column: 'amount' };

type Recipe = (runner: QueryRunner) => Promise<void>;

/** What each recipe is, how it is undone, and what it starts from where that is not the plain schema. */
const RECIPES: readonly [string, Recipe, Recipe, string[]?][] = [
  ['NOT NULL', (r) => ensureNotNull(r, column), (r) => dropNotNull(r, column)],
  ['a foreign key', (r) => ensureForeignKey(r, foreignKey), (r) => dropConstraint(r, foreignKey)],
  [
    'a foreign key in place of another',
    (r) => ensureForeignKey(r, foreignKey),
    (r) => ensureForeignKey(r, { ...foreignKey, onDelete: 'RESTRICT' }),
    [
      `alter table orders add constraint orders_customer_fk foreign key (customer_id) references customers (id)
       on delete restrict`,
    ],
  ],
  ['a check', (r) => ensureCheck(r, check), (r) => dropConstraint(r, check)],
  [
    'a check in place of another',
    (r) => ensureCheck(r, check),
    (r) => ensureCheck(r, { ...check, expression: 'amount > -5' }),
    ['alter table orders add constraint orders_amount_positive check (amount > -5)'],
  ],
  ['a unique constraint', (r) => ensureUnique(r, unique), (r) => dropConstraint(r, unique)],
  [
    'a unique constraint in place of another',
    (r) => ensureUnique(r, unique),
    (r) => ensureUnique(r, { ...unique, columns: ['id', 'code'] }),
    ['alter table orders add constraint orders_code_key unique (id, code)'],
  ],
  ['an enum value', (r) => ensureEnumValue(r, enumValue), (r) => dropEnumValue(r, enumValue)],
];

describe('recipes', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  const reset = (more: readonly string[] = []) => createOrders(dataSource, more);
  const run = (recipe: Recipe) => runRecipe(dataSource, recipe);

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  describe.each(RECIPES)('%s', (_, recipe, undo, start = []) => {
    beforeEach(() => reset(start));

    it('is made, found made the second time, and undone to what was there', async () => {
      const before = await readSchema(dataSource);
      await run(recipe);
      const after = await readSchema(dataSource);
      expect(after).not.toEqual(before);
      expect(after.filter((line) => /valid=f|_hf_/.test(line))).toEqual([]);
      await run(recipe);
      expect(await readSchema(dataSource)).toEqual(after);
      await run(undo);
      expect(await readSchema(dataSource)).toEqual(before);
      await run(undo);
      expect(await readSchema(dataSource)).toEqual(before);
    });

    it.each([
      ['made', recipe, undo, false],
      ['undone', undo, recipe, true],
    ])(
      'converges when the session is ended before any statement while it is %s',
      async (_name, work, _other, isMade) => {
        if (isMade) await run(recipe);
        await run(work);
        const expected = await readSchema(dataSource);
        const admin = await scratch.open();
        let statement = 1;
        for (; ; statement++) {
          await reset(start);
          if (isMade) await run(recipe);
          // A DataSource of its own, since the connection may come back to its pool before its end is noticed.
          const victim = await scratch.open({ logging: false });
          const killed = await killBefore(victim.createQueryRunner(), admin, statement, work).finally(() =>
            victim.destroy(),
          );
          if (!killed) break;
          await run(work);
          expect([statement, await readSchema(dataSource)]).toEqual([statement, expected]);
        }
        // Otherwise nothing was cut.
        expect(statement).toBeGreaterThan(1);
      },
    );

    it('tells in a dry run what it would send, and sends nothing', async () => {
      const before = await readSchema(dataSource);
      const dry = dataSource.createQueryRunner();
      const notes = new StatementNotes(dry);
      attachRun(dry, { report: () => undefined, recorder: notes });
      await recipe(dry);
      await dry.release();
      expect(await readSchema(dataSource)).toEqual(before);

      const sent: string[] = [];
      const runner = dataSource.createQueryRunner();
      const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(runner, {
        query: (...args: unknown[]) => {
          sent.push(String(args[0]));
          return query(...args);
        },
      });
      await recipe(runner);
      await runner.release();
      const isChange = (statement: string) =>
        /^(ALTER|CREATE|DROP) /.test(statement) && !/pg_temp/.test(statement);
      expect(notes.statements).toEqual(sent.filter(isChange));
      expect(notes.notes).toEqual([]);
    });

    it('is refused inside a transaction', async () => {
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      try {
        await expect(recipe(runner)).rejects.toMatchObject({ code: 'HOLDFAST_INSIDE_TRANSACTION' });
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    });
  });

  it.each<[string, Recipe, string, string]>([
    [
      'a NULL',
      (r) => ensureNotNull(r, column),
      'update orders set amount = null where id = 7',
      'HOLDFAST_CONSTRAINT_VIOLATED',
    ],
    [
      'an orphan',
      (r) => ensureForeignKey(r, foreignKey),
      'update orders set customer_id = 99 where id = 7',
      'HOLDFAST_CONSTRAINT_VIOLATED',
    ],
    [
      'a row that fails the check',
      (r) => ensureCheck(r, check),
      'update orders set amount = 0 where id = 7',
      'HOLDFAST_CONSTRAINT_VIOLATED',
    ],
    [
      'two equal rows',
      (r) => ensureUnique(r, { ...unique, columns: ['code'] }),
      `update orders set code = 'c1' where id = 7`,
      'HOLDFAST_CONSTRAINT_VIOLATED',
    ],
  ])('leaves nothing behind when %s is in the way', async (_, recipe, spoil, code) => {
    await reset([spoil]);
    const before = await readSchema(dataSource);
    await expect(run(recipe)).rejects.toMatchObject({ code: expect.stringContaining(code) });
    expect(await readSchema(dataSource)).toEqual(before);
  });

  it('keeps a NOT VALID constraint that it did not add, though a row breaks it', async () => {
    await reset([
      'update orders set amount = 0 where id = 7',
      'alter table orders add constraint orders_amount_positive check (amount > 0) not valid',
    ]);
    const before = await readSchema(dataSource);
    await expect(run((r) => ensureCheck(r, check))).rejects.toMatchObject({
      code: 'HOLDFAST_CONSTRAINT_VIOLATED',
      message: expect.stringContaining('it stays there, NOT VALID'),
    });
    expect(await readSchema(dataSource)).toEqual(before);
  });

  it.each<[string, Recipe, string[]]>([
    [
      'a constraint',
      (r) => ensureCheck(r, check),
      [
        'alter table orders add constraint orders_amount_positive check (amount > 0)',
        'alter table orders add constraint orders_amount_positive_hf_new check (amount > 1) not valid',
      ],
    ],
    [
      'a unique constraint',
      (r) => ensureUnique(r, unique),
      [
        'alter table orders add constraint orders_code_key unique (code, id)',
        'create unique index orders_code_key_hf_new on orders (id)',
      ],
    ],
  ])(
    'takes away what is left of a replacement of %s that nobody wants any more',
    async (_, recipe, start) => {
      await reset(start.slice(0, 1));
      const expected = await readSchema(dataSource);
      await reset(start);
      await run(recipe);
      expect(await readSchema(dataSource)).toEqual(expected);
    },
  );

  it('does not take what is left of another replacement for the one that is wanted now', async () => {
    await reset([
      'alter table orders add constraint orders_amount_positive check (amount > -5)',
      'alter table orders add constraint orders_amount_positive_hf_new check (amount > -7) not valid',
    ]);
    await run((r) => ensureCheck(r, check));
    const checks = (await readSchema(dataSource)).filter((line) => line.includes('orders_amount_positive'));
    expect(checks).toEqual(['constraint orders.orders_amount_positive CHECK ((amount > 0)) valid=t']);
  });

  it('leaves nothing half-done when the validation is cancelled', async () => {
    await reset([
      // Reads every row as slowly as somebody else wants.
      `create or replace function is_slow(integer) returns boolean immutable language plpgsql
       as $$ begin perform pg_advisory_lock_shared(1, 1); return true; end $$`,
    ]);
    const before = await readSchema(dataSource);
    const holder = dataSource.createQueryRunner();
    const runner = dataSource.createQueryRunner();
    try {
      await holder.query('select pg_advisory_lock(1, 1)');
      const [{ pid }] = await runner.query('select pg_backend_pid() as pid');
      const done = ensureCheck(runner, { ...check, expression: 'is_slow(amount)' }).catch(
        (error: unknown) => error,
      );
      const isWaiting = async () =>
        (await dataSource.query('select 1 from pg_locks where pid = $1 and not granted', [pid])).length > 0;
      await waitFor(isWaiting);
      expect(await readSchema(dataSource)).not.toEqual(before);
      await dataSource.query('select pg_cancel_backend($1)', [pid]);
      expect(await done).toMatchObject({ driverError: { code: '57014' } });
      expect(await readSchema(dataSource)).toEqual(before);
    } finally {
      await holder.query('select pg_advisory_unlock(1, 1)');
      await holder.release();
      await runner.release();
    }
  });

  it('refuses a name that belongs to another kind of constraint', async () => {
    await reset();
    const taken = { ...check, name: 'orders_pkey' };
    await expect(run((r) => ensureCheck(r, taken))).rejects.toMatchObject({
      code: 'HOLDFAST_CONSTRAINT_NAME_TAKEN',
    });
  });

  it('names table, column and type that are not there', async () => {
    await reset();
    await expect(run((r) => ensureNotNull(r, { table: 'no', column: 'x' }))).rejects.toMatchObject({
      code: 'HOLDFAST_TABLE_MISSING',
    });
    await expect(run((r) => ensureNotNull(r, { table: 'orders', column: 'x' }))).rejects.toMatchObject({
      code: 'HOLDFAST_COLUMN_MISSING',
    });
    await expect(run((r) => ensureEnumValue(r, { type: 'no', value: 'x' }))).rejects.toMatchObject({
      code: 'HOLDFAST_TYPE_MISSING',
    });
  });
});
