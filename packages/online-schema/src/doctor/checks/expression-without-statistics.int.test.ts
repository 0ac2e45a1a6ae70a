import { asStranger } from '../../test/as-stranger';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('expression-without-statistics', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
    for (const statement of [
      'create table t (id integer, email text) with (autovacuum_enabled = false)',
      `insert into t select n, 'User' || n || '@example.org' from generate_series(1, 5000) as n`,
      'analyze t',
    ])
      await scratch.dataSource.query(statement);
  });

  afterEach(() => scratch.close());

  const look = (...statements: string[]) =>
    examineOnly(scratch.dataSource, 'expression-without-statistics', statements);

  const estimate = async () => {
    const [row] = await scratch.dataSource.query(
      `explain (format json) select from t where lower(email) = 'user7@example.org'`,
    );
    return row['QUERY PLAN'][0].Plan['Plan Rows'] as number;
  };

  it('reports an index built after the last ANALYZE, and mends the guess of the planner', async () => {
    const report = await look('create index x on t (lower(email))');
    expect(report.findings).toMatchObject([
      { object: 'public.x', figures: { rows: 5000, expressions: 'lower(email)' } },
    ]);
    expect(await estimate()).toBe(25);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(await estimate()).toBe(1);
    expect(objectsOf(await look())).toEqual([]);
  });

  it('reports an index with several such keys once', async () => {
    const report = await look('create index x on t (id, lower(email), (id + 1))');
    expect(report.findings).toMatchObject([{ figures: { expressions: 'lower(email), (id + 1)' } }]);
  });

  it.each<[string, string[]]>([
    ['that was there at the last ANALYZE', ['create index x on t (lower(email))', 'analyze t']],
    ['of columns', ['create index x on t (email)']],
    ['with an expression in its predicate only', [`create index x on t (id) where lower(email) > 'm'`]],
    ['of few rows', ['create index x on t (lower(email)) where id < 100']],
    [
      'of which ANALYZE found no row',
      ['create index x on t (lower(email)) where id < 0', `insert into t values (0, '')`, 'analyze t'],
    ],
    [
      'whose expression has statistics of its own',
      [
        'create statistics s (ndistinct) on (id + 1), lower(email) from t',
        'analyze t',
        'create index x on t (lower(email), (id + 1))',
      ],
    ],
    [
      'of which no statistics are wanted',
      ['create index x on t (lower(email))', 'alter index x alter column 1 set statistics 0', 'analyze t'],
    ],
    [
      'of a table without any statistics, which is another finding',
      [
        'create table u (email text) with (autovacuum_enabled = false)',
        'insert into u select email from t',
        'create index x on u (lower(email))',
      ],
    ],
  ])('does not report an index %s', async (_, statements) => {
    expect(await look(...statements)).toMatchObject({ findings: [], unseen: [] });
  });

  it('says of which indexes it may not see the statistics', async () => {
    await scratch.dataSource.query('create index x on t (lower(email))');
    const reader = await asStranger(scratch.dataSource, ['select on t'], look);
    expect(reader).toMatchObject({
      findings: [],
      unseen: [{ message: expect.stringMatching(/^Whether public\.x has statistics only the owner/) }],
    });
    const monitor = await asStranger(scratch.dataSource, ['pg_read_all_data'], look);
    expect(objectsOf(monitor)).toEqual(['public.x']);
  });
});
