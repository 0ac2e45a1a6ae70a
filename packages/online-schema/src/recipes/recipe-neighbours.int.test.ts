import type { DataSource, QueryRunner } from 'typeorm';
import { createOrders, runRecipe } from '../test/orders';
import { readSchema } from '../test/read-schema';
import { openScratch, type Scratch } from '../test/scratch';
import { dropConstraint } from './drop-constraint';
import { dropEnumValue } from './drop-enum-value';
import { ensureUnique } from './ensure-unique';

describe('recipes and what stands beside', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  const reset = (more: readonly string[] = []) => createOrders(dataSource, more);
  const run = (recipe: (runner: QueryRunner) => Promise<void>) => runRecipe(dataSource, recipe);

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  describe('an index that has the name of a constraint which is none of its own', () => {
    const index = 'create index shared_name on orders (customer_id)';
    const target = { table: 'orders', name: 'shared_name' };

    it.each([
      ['foreign key', 'foreign key (customer_id) references customers (id)'],
      ['check', 'check (amount > 0)'],
    ])('stays when the %s goes', async (_, definition) => {
      await reset([index]);
      const before = await readSchema(dataSource);
      await dataSource.query(`alter table orders add constraint shared_name ${definition}`);
      await run((r) => dropConstraint(r, target));
      expect(await readSchema(dataSource)).toEqual(before);
    });

    it('stays when the constraint is gone already, while the unique one of a half-made constraint goes', async () => {
      await reset();
      const before = await readSchema(dataSource);
      await dataSource.query('create unique index shared_name on orders (id)');
      await run((r) => dropConstraint(r, target));
      expect(await readSchema(dataSource)).toEqual(before);
      await reset([index]);
      await run((r) => dropConstraint(r, target));
      expect(await readSchema(dataSource)).toContain(
        'index CREATE INDEX shared_name ON public.orders USING btree (customer_id) valid=t',
      );
    });
  });

  describe('a unique constraint that a foreign key refers to', () => {
    const referred = [
      'alter table orders add constraint orders_pair_key unique (id, customer_id)',
      `alter table moods add a integer, add b integer,
         add constraint moods_pair_fkey foreign key (a, b) references orders (id, customer_id)`,
    ];
    const other = { table: 'orders', name: 'orders_pair_key', columns: ['customer_id', 'id'] };

    it('is not replaced, and nothing is built for that', async () => {
      await reset(referred);
      const before = await readSchema(dataSource);
      // The server says so once the new index is there.
      await expect(dataSource.query('alter table orders drop constraint orders_pair_key')).rejects.toThrow(
        /other objects depend on it/,
      );
      await expect(run((r) => ensureUnique(r, other))).rejects.toMatchObject({
        code: 'HOLDFAST_INDEX_IN_USE',
        message: expect.stringContaining('moods_pair_fkey of moods'),
      });
      expect(await readSchema(dataSource)).toEqual(before);
    });
  });

  describe('a partitioned table with a column of an enum', () => {
    const withPartitions = [
      'drop table if exists parts',
      'create table parts (id integer, mood mood) partition by range (id)',
      'create table parts_1 partition of parts for values from (0) to (100000)',
      `alter type mood add value 'away' after 'calm'`,
      `insert into parts select n, 'calm' from generate_series(1, 20000) as n`,
    ];
    const value = { type: 'mood', value: 'away' };

    afterEach(() => dataSource.query('drop table if exists parts'));

    it('counts with its partitions, where the table itself is empty', async () => {
      await reset(withPartitions);
      const [{ own }] = await dataSource.query(`select pg_table_size('parts')::int as own`);
      expect(own).toBe(0);
      const limit = { maxRewriteBytes: 100_000 };
      await expect(run((r) => dropEnumValue(r, value, limit))).rejects.toMatchObject({
        code: 'HOLDFAST_REWRITE_TOO_LARGE',
        message: expect.stringContaining('public.parts'),
      });
    });

    it('loses the value in all of them, and so do heirs', async () => {
      await reset([...withPartitions, 'create table heirs () inherits (moods)']);
      try {
        await run((r) => dropEnumValue(r, value));
        expect(await readSchema(dataSource)).toContain('type mood calm,busy');
      } finally {
        await dataSource.query('drop table heirs');
      }
    });
  });
});
