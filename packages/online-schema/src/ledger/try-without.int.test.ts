import type { QueryRunner } from 'typeorm';
import { runStatement } from '../statement/run-statement';
import { openScratch, type Scratch } from '../test/scratch';
import { tryWithout } from './try-without';

const SCENE = [
  'create table pages (id integer primary key)',
  'create table visits (id integer primary key, page integer references pages (id), at integer)',
  'insert into pages select generate_series(1, 100)',
  'insert into visits select at, at % 100 + 1, at from generate_series(1, 5000) as at',
  'create index visits_at on visits (at)',
  'analyze visits',
];

const LOOK_UP = 'select * from visits where at = 17';

describe('trying without an index', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeAll(async () => {
    scratch = await openScratch();
    for (const statement of SCENE) await scratch.dataSource.query(statement);
    runner = scratch.dataSource.createQueryRunner();
  });

  afterAll(async () => {
    await runner.release();
    await scratch.close();
  });

  const listIndexes = async () => {
    const rows: { name: string }[] = await scratch.dataSource.query(
      `select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
       where indrelid in ('visits'::regclass, 'pages'::regclass) order by relname`,
    );
    return rows.map(({ name }) => name);
  };

  it('shows what a query costs then, and leaves the index as it was', async () => {
    const before = await runStatement(runner, LOOK_UP);
    expect(before).toMatchObject({ rows: 1, plan: 'Index Scan visits_at', indexes: ['visits_at'] });
    const without = await tryWithout(runner, ['visits_at'], () => runStatement(runner, LOOK_UP));
    expect(without).toMatchObject({ rows: 1, plan: 'Seq Scan visits', indexes: [] });
    expect(without.buffers).toBeGreaterThan(before.buffers * 5);
    expect(await runStatement(runner, LOOK_UP)).toMatchObject({ indexes: ['visits_at'] });
  });

  it('keeps nothing that the work writes, and tells how much it was', async () => {
    const insert = 'insert into visits select at, 1, at from generate_series(5001, 6000) as at';
    const withAll = await tryWithout(runner, [], () => runStatement(runner, insert));
    const without = await tryWithout(runner, ['visits_at'], () => runStatement(runner, insert));
    expect(withAll.rows).toBe(1000);
    expect(without.rows).toBe(1000);
    expect(without.walBytes).toBeGreaterThan(0);
    expect(without.walBytes).toBeLessThan(withAll.walBytes);
    expect(await runner.query('select count(*)::integer as count from visits')).toEqual([{ count: 5000 }]);
  });

  it('takes the constraint of an index with it, and the foreign keys that rest on that', async () => {
    const names = await listIndexes();
    const orphan = 'insert into visits values (9000, 101, 1)';
    await expect(tryWithout(runner, [], () => runStatement(runner, orphan))).rejects.toThrow('foreign key');
    const written = await tryWithout(runner, ['public.pages_pkey'], () => runStatement(runner, orphan));
    expect(written.rows).toBe(1);
    expect(await listIndexes()).toEqual(names);
  });

  it('counts what foreign keys touch after the statement itself', async () => {
    const remove = 'delete from pages where id = 1000';
    await scratch.dataSource.query('insert into pages values (1000)');
    const visits = await runStatement(runner, 'select from visits where page = 1000');
    expect((await tryWithout(runner, [], () => runStatement(runner, remove))).buffers).toBeGreaterThan(
      visits.buffers,
    );
    const without = await tryWithout(runner, ['pages_pkey'], () => runStatement(runner, remove));
    expect(without.buffers).toBeLessThan(visits.buffers);
  });

  it('is rolled back when the work fails, and the runner can go on', async () => {
    const fail = () => Promise.reject(new Error('no'));
    await expect(tryWithout(runner, ['visits_at'], fail)).rejects.toThrow('no');
    await expect(tryWithout(runner, ['no_such_index'], fail)).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_UNKNOWN',
    });
    expect(await listIndexes()).toContain('visits_at');
  });
});
