import type { DataSource } from 'typeorm';
import { examineOnly, objectsOf } from '../test/examine-only';
import { openScratch, type Scratch } from '../test/scratch';

describe('an index that CLUSTER sorts by', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
    await dataSource.query('create table t (id integer primary key, a integer, b integer, tags text[])');
  });

  afterEach(() => scratch.close());

  it.each([
    ['duplicate-index', ['create index x1 on t (a)', 'create unique index x2 on t (a)']],
    ['prefix-redundant', ['create index x1 on t (a)', 'create index x2 on t (a, b)']],
  ] as const)(
    'is told as such by %s, and CLUSTER goes on with the one that is kept',
    async (check, statements) => {
      const { findings } = await examineOnly(dataSource, check, [
        ...statements,
        'alter table t cluster on x1',
      ]);
      expect(findings).toMatchObject([
        {
          object: 'public.x1',
          mend: ['ALTER TABLE "public"."t" CLUSTER ON "x2"', 'DROP INDEX CONCURRENTLY "public"."x1"'],
        },
      ]);
      expect(findings[0]?.message).toMatch(/CLUSTER sorts t by it: let that sort by the other one first\.$/);
      for (const statement of findings[0]?.mend ?? []) await dataSource.query(statement);
      await dataSource.query('cluster t');
      // The control: without the first statement there is nothing left to sort by.
      for (const statement of ['create index x1 on t (a)', 'alter table t cluster on x1', 'drop index x1'])
        await dataSource.query(statement);
      await expect(dataSource.query('cluster t')).rejects.toThrow('no previously clustered index');
    },
  );

  it('is kept of two equal ones', async () => {
    const report = await examineOnly(dataSource, 'duplicate-index', [
      'create index x1 on t (a)',
      'create index x2 on t (a)',
      'alter table t cluster on x2',
    ]);
    expect(objectsOf(report)).toEqual(['public.x1']);
  });

  it('is not replaced by a GIN index, which has no order', async () => {
    const statements = ['create index x on t (tags)', 'select pg_stat_force_next_flush()'];
    const loose = await examineOnly(dataSource, 'btree-on-array', statements);
    expect(loose.findings).toMatchObject([{ mend: [{}, {}, {}] }]);
    const clustered = await examineOnly(dataSource, 'btree-on-array', ['alter table t cluster on x']);
    expect(clustered.findings).toMatchObject([{ object: 'public.x', mend: [] }]);
  });

  it('is left alone by what would make it partial, or has it dropped for its few values or for want of readers', async () => {
    for (const statement of [
      `insert into t select n, case when n % 20 = 0 then n end, n % 2 from generate_series(1, 300000) as n`,
      'create index x_null on t (a)',
      'create index x_few on t (b)',
      'analyze t',
      'select pg_stat_force_next_flush()',
    ])
      await dataSource.query(statement);
    const now = new Date(Date.now() + 30 * 24 * 60 * 60 * 1000);
    const look = async (check: 'null-heavy' | 'low-cardinality-lead' | 'unused-index', index: string) =>
      objectsOf(await examineOnly(dataSource, check, [], { now })).includes(`public.${index}`);
    for (const [check, index] of [
      ['null-heavy', 'x_null'],
      ['low-cardinality-lead', 'x_few'],
      ['unused-index', 'x_few'],
    ] as const) {
      await dataSource.query('alter table t set without cluster');
      expect([check, await look(check, index)]).toEqual([check, true]);
      await dataSource.query(`alter table t cluster on ${index}`);
      expect([check, await look(check, index)]).toEqual([check, false]);
    }
  });
});
