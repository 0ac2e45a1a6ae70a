import { asStranger } from '../../test/as-stranger';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('low-cardinality-lead', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
    for (const statement of [
      'create table parent (id integer primary key)',
      'insert into parent select n from generate_series(1, 4) as n',
      `create table t (
         id integer primary key, active boolean, status text, role text, parent_id integer references parent,
         done boolean, rare text, lonely text, many integer
       )`,
      `insert into t
       select n, n % 2 = 0, (array['new', 'open', 'closed'])[n % 3 + 1], (array['a', 'b'])[n % 2 + 1], n % 4 + 1,
              n % 1000 > 0, case when n % 200 > 0 then (array['a', 'b'])[n % 2 + 1] end, 'one', n % 5000
       from generate_series(1, 20000) as n`,
      'analyze t',
    ])
      await scratch.dataSource.query(statement);
  });

  afterEach(() => scratch.close());

  /** Pages read for the rows of that status, when the planner may not choose this. */
  const pagesRead = async (without: string, status: string) => {
    await scratch.dataSource.query('set enable_indexscan = off');
    await scratch.dataSource.query(`set ${without} = off`);
    const [row] = await scratch.dataSource.query(
      `explain (analyze, buffers, format json) select * from t where status = '${status}'`,
    );
    await scratch.dataSource.query(`reset ${without}`);
    const { Plan: plan } = row['QUERY PLAN'][0];
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  };

  it.each([
    ['a boolean', '(active)', 2, 0.5],
    ['few values', '(status)', 3, 0.33],
    ['few values descending', '(status desc)', 3, 0.33],
    ['few combinations', '(status, active)', 6, 0.17],
  ])('reports an index on %s, all of them frequent', async (_, keys, combinations, share) => {
    const report = await examineOnly(scratch.dataSource, 'low-cardinality-lead', [
      `create index x on t ${keys}`,
    ]);
    expect(report.findings).toMatchObject([
      { object: 'public.x', severity: 'notice', figures: { combinations } },
    ]);
    expect(report.findings[0]?.figures.rarestShare).toBeCloseTo(share, 1);
  });

  it.each(['new', 'open', 'closed'])(
    'is right that %s rows are read no quicker through such an index',
    async (status) => {
      await scratch.dataSource.query('create index x on t (status)');
      const direct = await pagesRead('enable_bitmapscan', status);
      const through = await pagesRead('enable_seqscan', status);
      expect(through).toBeGreaterThan(direct);
      expect(await pagesRead('enable_seqscan', 'absent')).toBeLessThan(direct / 10);
    },
  );

  it.each<[string, string]>([
    ['with a selective key behind', 'create index x on t (status, many)'],
    ['with a rare value', 'create index x on t (done)'],
    ['with rare NULLs', 'create index x on t (rare)'],
    ['with a rare combination', 'create index x on t (status, done)'],
    ['of a single value, beside which a rare one may come', 'create index x on t (lonely)'],
    ['on many values', 'create index x on t (many)'],
    ['that is partial on it', `create index x on t (status) where status = 'open'`],
    ['that is partial', 'create index x on t (status) where done = false'],
    ['that carries columns', 'create index x on t (status) include (many)'],
    ['that serves a foreign key', 'create index x on t (parent_id)'],
    ['that enforces a rule', 'create unique index x on t (status, id)'],
    ['of another method', 'create index x on t using brin (status)'],
    ['of an expression, of which nothing is known', 'create index x on t (upper(status))'],
  ])('does not report an index %s', async (_, statement) => {
    const report = await examineOnly(scratch.dataSource, 'low-cardinality-lead', [statement, 'analyze t']);
    expect(report).toMatchObject({ findings: [], unseen: [] });
  });

  it('does not report an index of a small table', async () => {
    const report = await examineOnly(scratch.dataSource, 'low-cardinality-lead', [
      'delete from t where id > 5000',
      'create index x on t (status)',
      'vacuum analyze t',
    ]);
    expect(report.findings).toEqual([]);
  });

  it('reports an index of a partitioned table once, by what is in all partitions', async () => {
    const report = await examineOnly(scratch.dataSource, 'low-cardinality-lead', [
      'create table p (id integer, status text) partition by range (id)',
      'create table p1 partition of p for values from (0) to (30000)',
      'create table p2 partition of p for values from (30000) to (60000)',
      `insert into p select n, (array['new', 'open'])[n % 2 + 1] from generate_series(1, 59999) as n`,
      'create index x on p (status)',
      'analyze p',
    ]);
    expect(objectsOf(report)).toEqual(['public.x']);
    expect(report.findings[0]?.figures.bytes).toBeGreaterThan(0);
  });

  it('says whose statistics it may not see', async () => {
    await scratch.dataSource.query('create index x on t (status)');
    const look = () => examineOnly(scratch.dataSource, 'low-cardinality-lead');
    const stranger = await asStranger(scratch.dataSource, [], look);
    expect(stranger.findings).toEqual([]);
    expect(stranger.unseen).toMatchObject([{ message: expect.stringContaining('public.t are hidden') }]);
    expect(objectsOf(await asStranger(scratch.dataSource, ['select (status) on t'], look))).toEqual([
      'public.x',
    ]);
  });
});
