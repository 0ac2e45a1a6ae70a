import type { DataSource, QueryRunner } from 'typeorm';
import { killBefore } from '../test/kill-session';
import { createOrders, runRecipe } from '../test/orders';
import { openScratch, type Scratch } from '../test/scratch';
import { backfill } from './backfill';

describe('backfill', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  const reset = (more: readonly string[] = []) => createOrders(dataSource, more);
  const run = (recipe: (runner: QueryRunner) => Promise<void>) => runRecipe(dataSource, recipe);

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const definition = { table: 'orders', set: `code = 'new'`, where: `code <> 'new'`, batchRows: 30 };
  const countOld = async (): Promise<number> => {
    const [row]: { n: number }[] = await dataSource.query(
      `select count(*)::int as n from orders where code <> 'new'`,
    );
    return row?.n ?? Number.NaN;
  };

  it('updates every row, in transactions of at most so many rows', async () => {
    await reset();
    await run((r) => backfill(r, definition));
    const batches: { n: number }[] = await dataSource.query(
      'select count(*)::int as n from orders group by xmin::text order by 1 desc',
    );
    expect(batches.map(({ n }) => n)).toEqual([30, 30, 30, 30, 30, 30, 20]);
  });

  it('keeps what was done when the session is ended, and goes on there', async () => {
    await reset();
    const admin = await scratch.open();
    const victim = await scratch.open();
    // Some batches in: each is a transaction of three statements.
    const work = (r: QueryRunner) => backfill(r, definition);
    expect(await killBefore(victim.createQueryRunner(), admin, 11, work)).toBe(true);
    await victim.destroy();
    const left = await countOld();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(200);
    const [mark]: { xid: string }[] = await dataSource.query('select pg_current_xact_id()::text as xid');
    await run((r) => backfill(r, definition));
    expect(await countOld()).toBe(0);
    const [again]: { n: number }[] = await dataSource.query(
      'select count(*)::int as n from orders where xmin::text::bigint > $1',
      [mark?.xid],
    );
    expect(again?.n).toBe(left);
  });

  it('walks keys that no driver keeps whole, of several columns and in any order of letters', async () => {
    await reset([
      'drop table if exists ticks',
      `create table ticks (at timestamptz, name text collate "C", done boolean not null default false, primary key (name, at))`,
      `insert into ticks select timestamptz '2024-01-01' + n * interval '1 microsecond', chr(60 + n % 40)
       from generate_series(1, 500) as n`,
    ]);
    await run((r) => backfill(r, { table: 'ticks', set: 'done = true', batchRows: 7 }));
    expect(await dataSource.query('select count(*)::int as n from ticks where not done')).toEqual([{ n: 0 }]);
    await dataSource.query('drop table ticks');
  });

  it('refuses a table without a primary key, and a batch of no rows', async () => {
    await reset(['alter table orders drop constraint orders_pkey']);
    await expect(run((r) => backfill(r, definition))).rejects.toMatchObject({
      code: 'HOLDFAST_PRIMARY_KEY_MISSING',
    });
    await expect(run((r) => backfill(r, { ...definition, batchRows: 0 }))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});
