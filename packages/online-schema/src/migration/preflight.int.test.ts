import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource, type QueryRunner } from 'typeorm';
import type { RunEvent } from '../run/run-event';
import { renderCreateIndex } from '../specification/render-index';
import { waitFor } from '../test/wait-for';
import { ensureIndex } from './ensure-index';
import { attachRun } from './run-context';

const INDEX = { table: 'seats', name: 'idx_seats_code', keys: ['lower("code")'] };
const UNIQUE = { ...INDEX, unique: true };

describe('before an index is built', () => {
  let server: TemporaryServer;
  let dataSource: DataSource;
  let runner: QueryRunner;
  let notices: string[];

  beforeAll(async () => {
    server = await openTemporaryServer({ settings: { max_prepared_transactions: 4 } });
    dataSource = new DataSource({ type: 'postgres', url: server.url, installExtensions: false });
    await dataSource.initialize();
  });

  afterAll(async () => {
    if (dataSource?.isInitialized) await dataSource.destroy();
    await server?.stop();
  });

  beforeEach(async () => {
    notices = [];
    runner = dataSource.createQueryRunner();
    attachRun(runner, {
      report: (event: RunEvent) => void (event.type === 'notice' && notices.push(event.message)),
    });
    await runner.query('create table seats (id integer, code text, row integer)');
    await runner.query(`insert into seats select n, 'S' || n, n from generate_series(1, 100) n`);
  });

  afterEach(async () => {
    await runner.query('drop table seats');
    await runner.release();
  });

  const indexes = async () =>
    (await runner.query(`select 1 from pg_index where indrelid = 'seats'::regclass`)).length;
  const duplicate = () => runner.query(`insert into seats values (101, 's1', 0)`);

  it('rows that would break a unique one are found, which the statement leaves an invalid index for', async () => {
    await duplicate();
    const control = renderCreateIndex(UNIQUE, { concurrently: true });
    await expect(runner.query(control)).rejects.toThrow('could not create unique index');
    expect(await runner.query(`select indisvalid from pg_index`)).toContainEqual({ indisvalid: false });
    await runner.query('drop index idx_seats_code');

    const refused = ensureIndex(runner, UNIQUE).catch((error: Error) => error);
    expect(await refused).toMatchObject({
      code: 'HOLDFAST_INDEX_DUPLICATES',
      message:
        'index idx_seats_code on seats cannot be unique: there are rows with equal keys; to list them: ' +
        'SELECT lower(code), count(*) FROM "public"."seats" WHERE (lower(code)) IS NOT NULL GROUP BY 1 HAVING count(*) > 1',
    });
    expect(await indexes()).toBe(0);
    const query = ((await refused) as Error).message.split('to list them: ')[1] ?? '';
    expect(await runner.query(query)).toEqual([{ lower: 's1', count: '2' }]);
  });

  it.each([
    ['outside of the predicate', { ...UNIQUE, where: `"row" > 0` }],
    ['that are NULL', { ...UNIQUE, keys: ['"code"'], where: undefined }],
    ['that differ in another column', { ...UNIQUE, keys: ['lower("code") DESC', '"row"'] }],
    ['of an operator class that may see them otherwise', { ...UNIQUE, keys: ['"code" text_pattern_ops'] }],
  ])('keys %s are no duplicates', async (_, definition) => {
    await duplicate();
    await runner.query('insert into seats values (103, null, 1), (104, null, 2)');
    await ensureIndex(runner, definition);
    expect(await indexes()).toBe(1);
  });

  it('two NULLs are duplicates where the index takes them for equal', async () => {
    await runner.query('insert into seats values (103, null, 1), (104, null, 2)');
    await expect(ensureIndex(runner, { ...UNIQUE, nullsNotDistinct: true })).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_DUPLICATES',
    });
  });

  it('what cannot be told in five seconds is said, and left to the build', async () => {
    // The first call for a row is free: it is the comparison of the clone's statistics that must not sleep.
    await runner.query(
      `create function slow(text) returns text language plpgsql immutable as
       $$ begin if current_setting('statement_timeout') <> '0' then perform pg_sleep(0.2); end if; return $1; end $$`,
    );
    try {
      await ensureIndex(runner, { ...UNIQUE, keys: ['slow("code")'] });
      expect(notices).toEqual(['whether rows have equal keys could not be told in 5 s; the build will']);
      expect(await indexes()).toBe(1);
    } finally {
      await runner.query('drop function slow cascade');
    }
  });

  it('the sessions it will wait for are named: old snapshots, writers, and prepared transactions', async () => {
    const reader = dataSource.createQueryRunner();
    const writer = dataSource.createQueryRunner();
    const other = dataSource.createQueryRunner();
    try {
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select 1');
      await writer.startTransaction();
      await writer.query('update seats set row = 0 where id = 1');
      await other.startTransaction();
      await other.query('update seats set row = 0 where id = 2');
      await other.query(`prepare transaction 'left behind'`);
      const isOld = `select 1 where (select min(age) from (
          select clock_timestamp() - xact_start as age from pg_stat_activity where state = 'idle in transaction'
          union all select clock_timestamp() - prepared from pg_prepared_xacts) a) > interval '1.1 s'`;
      await waitFor(async () => (await dataSource.query(isOld)).length === 1, 50);

      const built = ensureIndex(runner, INDEX);
      await waitFor(() => notices.length >= 3);
      expect(notices.toSorted()).toEqual([
        expect.stringMatching(
          /^the build will wait for a prepared transaction \(holdfast, prepared for .*, holds a lock\)$/,
        ),
        expect.stringMatching(
          /^the build will wait for pid \d+ \(.*idle in transaction for .*, holds a (lock|snapshot)\): /,
        ),
        expect.stringMatching(
          /^the build will wait for pid \d+ \(.*idle in transaction for .*, holds a (lock|snapshot)\): /,
        ),
      ]);
      await other.query(`commit prepared 'left behind'`);
      await writer.commitTransaction();
      await reader.commitTransaction();
      await built;
    } finally {
      for (const session of [reader, writer, other]) await session.release();
    }
  });

  it('an index of gigabytes is told with what it rests on, and that free disk cannot be known', async () => {
    await runner.query('analyze seats');
    await runner.query(`update pg_class set reltuples = 1e9 where oid = 'seats'::regclass`);
    await ensureIndex(runner, INDEX);
    expect(notices).toEqual([
      expect.stringMatching(
        /^the index will take about \d+ GB \(.*\).*; how much disk is free cannot be asked over SQL$/,
      ),
    ]);
  });
});
