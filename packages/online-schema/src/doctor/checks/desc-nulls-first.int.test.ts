import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('desc-nulls-first', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query(
      `create table t (id integer primary key, seen timestamptz, made timestamptz not null, status text)`,
    );
  });

  afterEach(() => scratch.close());

  const plan = async () => {
    const rows: { 'QUERY PLAN': string }[] = await scratch.dataSource.query(
      'explain (costs off) select * from t order by seen desc nulls last limit 10',
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it('reports an index that the newest rows cannot be read from', async () => {
    await scratch.dataSource.query('create index x on t (seen desc)');
    await scratch.dataSource.query(
      `insert into t select n, now() - n * interval '1 s', now() from generate_series(1, 20000) as n`,
    );
    await scratch.dataSource.query('analyze t');
    expect(await plan()).not.toContain('Index Scan');
    const report = await examineOnly(scratch.dataSource, 'desc-nulls-first');
    expect(report.findings).toMatchObject([{ object: 'public.x', figures: { column: 'seen' }, mend: [] }]);
    await scratch.dataSource.query('create index y on t (seen desc nulls last)');
    expect(await plan()).toContain('Index Scan using y');
    expect(objectsOf(await examineOnly(scratch.dataSource, 'desc-nulls-first'))).toEqual(['public.x']);
  });

  it.each([
    ['with NULLs last', 'create index x on t (seen desc nulls last)'],
    ['ascending', 'create index x on t (seen)'],
    [
      'with NULLs first in ascending order, which nobody gets unasked',
      'create index x on t (seen nulls first)',
    ],
    ['on a column without NULLs', 'create index x on t (made desc)'],
    ['without NULLs by its predicate', 'create index x on t (seen desc) where seen is not null'],
    [
      'without NULLs by a predicate that no NULL meets',
      `create index x on t (seen desc) where status = 'a' and seen > '2020-01-01'`,
    ],
    ['on an expression, of which nobody knows', 'create index x on t ((id + 1) desc)'],
    ['that has no order', 'create index x on t using hash (seen)'],
  ])('does not report an index %s', async (_, statement) => {
    const report = await examineOnly(scratch.dataSource, 'desc-nulls-first', [statement]);
    expect(report).toMatchObject({ findings: [], unseen: [] });
  });

  it.each([
    ['that says nothing of it', `create index x on t (seen desc) where status = 'a'`],
    ['with NULLs among others', `create index x on t (seen desc) where seen is not null or status = 'a'`],
    ['as a second key', 'create index x on t (status, seen desc)'],
  ])('reports it in spite of a predicate %s', async (_, statement) => {
    const report = await examineOnly(scratch.dataSource, 'desc-nulls-first', [statement]);
    expect(objectsOf(report)).toEqual(['public.x']);
  });
});
