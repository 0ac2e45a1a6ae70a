import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('hot-breaker', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
    await scratch.dataSource.query(
      `create table t (id integer primary key, name text, seen timestamptz, note text)
       with (fillfactor = 40, autovacuum_enabled = false)`,
    );
    await scratch.dataSource.query(
      `insert into t select n, 'name', now() - interval '1 day', 'note' from generate_series(1, 20000) as n`,
    );
  });

  afterEach(() => scratch.close());

  const look = (...statements: string[]) =>
    examineOnly(scratch.dataSource, 'hot-breaker', [...statements, 'select pg_stat_force_next_flush()']);

  const touch = 'update t set seen = now()';

  it('reports a table that is updated in a column of an index, and names those that it may be', async () => {
    const report = await look(
      'create index x on t (seen)',
      'create index y on t (id, name)',
      'create index z on t using brin (note)',
      touch,
    );
    expect(report.findings).toMatchObject([
      {
        object: 'public.t',
        mend: [],
        figures: { updates: 20_000, hotUpdates: 0, movedUpdates: 0, indexes: 3, columns: 'name, seen' },
      },
    ]);
    expect(report.findings[0]?.message).toContain('100 % for certain');
  });

  it.each([
    ['an expression', `create index x on t ((seen at time zone 'UTC'))`],
    ['a predicate', `create index x on t (id) where seen > '2020-01-01'`],
    ['an included column', 'create index x on t (id) include (seen)'],
    ['a constraint', 'alter table t add constraint x unique (seen, id)'],
  ])('names the column of %s', async (_, statement) => {
    const report = await look(statement, touch);
    expect(report.findings).toMatchObject([{ figures: { columns: 'seen' } }]);
  });

  it.each<[string, string[]]>([
    ['without an index on the column', ['create index x on t (name)', touch]],
    ['with a summary of the column only', ['create index x on t using brin (seen)', touch]],
    ['that is updated rarely', ['create index x on t (seen)', `${touch} where id < 5000`]],
    [
      'that is updated in other columns more often',
      ['create index x on t (seen)', `${touch} where id < 8000`, `update t set note = 'other'`],
    ],
    ['of which only the primary key changes', ['update t set id = id + 100000']],
    [
      'whose rows have no room on their page',
      [
        'create index x on t (seen)',
        'alter table t set (fillfactor = 100)',
        'vacuum full t',
        `update t set note = 'some other note'`,
        'vacuum full t',
        `update t set note = 'some other note'`,
      ],
    ],
  ])('does not report a table %s', async (_, statements) => {
    expect(objectsOf(await look(...statements))).toEqual([]);
  });
});
