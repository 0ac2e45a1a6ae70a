import type { QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { ensureIndex } from './ensure-index';

const IDENTITY = { table: 'coins', name: 'coins_mint_year', keys: ['"mint"', '"year"'], unique: true };

describe('the replacement of an index that something else needs', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query('create table coins (mint integer not null, year integer not null)');
    await ensureIndex(runner, IDENTITY);
  });

  afterEach(async () => {
    await runner.release();
    await scratch.close();
  });

  const definitions = () =>
    runner.query(`select indexdef from pg_indexes where tablename = 'coins' order by indexname`);
  const unchanged = [
    { indexdef: 'CREATE UNIQUE INDEX coins_mint_year ON public.coins USING btree (mint, year)' },
  ];
  const changed = { ...IDENTITY, storage: { fillfactor: 80 } };

  describe('a foreign key', () => {
    beforeEach(() =>
      runner.query(
        `create table finds (mint integer, year integer,
           constraint finds_coin foreign key (mint, year) references coins (mint, year))`,
      ),
    );

    it('would end with an index that cannot be dropped', async () => {
      await expect(runner.query('drop index concurrently coins_mint_year')).rejects.toMatchObject({
        driverError: { code: '2BP01' },
      });
    });

    it('is refused before anything is built, with the name of the foreign key', async () => {
      await expect(ensureIndex(runner, changed)).rejects.toMatchObject({
        code: 'HOLDFAST_INDEX_IN_USE',
        message: expect.stringContaining('foreign key finds_coin of finds refers to it'),
      });
      expect(await definitions()).toEqual(unchanged);
    });

    it('is no matter where the index is kept', async () => {
      await ensureIndex(runner, IDENTITY);
      expect(await definitions()).toEqual(unchanged);
    });
  });

  describe('a publication', () => {
    const identity = () =>
      runner.query(`select relreplident as identity from pg_class where oid = 'coins'::regclass`);

    beforeEach(() => runner.query('alter table coins replica identity using index coins_mint_year'));

    it('would lose its replica identity without a word', async () => {
      await runner.query('create publication p for table coins');
      await runner.query('insert into coins values (1, 2)');
      await runner.query('drop index concurrently coins_mint_year');
      await expect(runner.query('delete from coins')).rejects.toMatchObject({
        driverError: { code: '55000' },
      });
    });

    it('is refused before anything is built, and says how to keep the identity', async () => {
      await expect(ensureIndex(runner, changed)).rejects.toMatchObject({
        code: 'HOLDFAST_INDEX_IN_USE',
        message: expect.stringContaining('ALTER TABLE "public"."coins" REPLICA IDENTITY USING INDEX'),
      });
      expect(await definitions()).toEqual(unchanged);
      expect(await identity()).toEqual([{ identity: 'i' }]);
    });
  });
});

describe('an index whose name PostgreSQL would cut', () => {
  const name = `idx_${'é'.repeat(30)}`;
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query('create table coins (mint integer)');
  });

  afterEach(async () => {
    await runner.release();
    await scratch.close();
  });

  it('would be found by nobody, and stand in the way of the next attempt', async () => {
    const create = `create index concurrently "${name}" on coins (mint)`;
    await runner.query(create);
    expect(await runner.query('select 1 from pg_class where relname = $1::text', [name])).toEqual([]);
    await expect(runner.query(create)).rejects.toMatchObject({ driverError: { code: '42P07' } });
  });

  it('is refused, and nothing of it is there', async () => {
    await expect(ensureIndex(runner, { table: 'coins', name, keys: ['"mint"'] })).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_NAME_TOO_LONG',
      message: expect.stringContaining('63 bytes'),
    });
    expect(await runner.query(`select 1 from pg_index where indrelid = 'coins'::regclass`)).toEqual([]);
  });
});
