import { examineOnly } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('btree-on-array', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create domain labels as text[]');
    await scratch.dataSource.query(
      'create table t (id integer primary key, tags text[], document jsonb, words tsvector, labels labels, name text)',
    );
  });

  afterEach(() => scratch.close());

  const plan = async (condition: string) => {
    const rows: { 'QUERY PLAN': string }[] = await scratch.dataSource.query(
      `explain (costs off) select from t where ${condition}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it.each([
    ['an array', '(tags)', 'text[]', `tags @> '{a}'`],
    ['jsonb', '(document)', 'jsonb', `document @> '{"a": 1}'`],
    ['tsvector', '(words)', 'tsvector', `words @@ 'a'::tsquery`],
    ['a domain on an array', '(labels)', 'text[]', `labels @> '{a}'`],
    ['an expression', `((document -> 'tags'))`, 'jsonb', `document -> 'tags' @> '["a"]'`],
  ])(
    'reports a btree on %s, and mends it with one that finds what it contains',
    async (_, keys, type, condition) => {
      const report = await examineOnly(scratch.dataSource, 'btree-on-array', [
        `create index x on t ${keys}`,
        'set enable_seqscan = off',
      ]);
      expect(report.findings).toMatchObject([{ object: 'public.x', figures: { type } }]);
      expect(await plan(condition)).not.toContain('Index Cond');
      for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
      expect(await plan(condition)).toMatch(/Bitmap Index Scan on x\n +Index Cond/);
      expect(await examineOnly(scratch.dataSource, 'btree-on-array')).toMatchObject({ findings: [] });
    },
  );

  it('gives no SQL that would take an index away from what reads it', async () => {
    const statements = [
      `insert into t (id, document) select n, to_jsonb(n) from generate_series(1, 100) as n`,
      'create index x on t (document)',
    ];
    const unread = await examineOnly(scratch.dataSource, 'btree-on-array', statements);
    const narrow = await scratch.open({ poolSize: 1 });
    const byEquality = `select id from t where document = '7'`;
    await narrow.query('set enable_seqscan = off');
    expect(await narrow.query(byEquality)).toEqual([{ id: 7 }]);
    await narrow.query('select pg_stat_force_next_flush()');
    const read = await examineOnly(narrow, 'btree-on-array');
    expect(read.findings).toMatchObject([{ object: 'public.x', mend: [], figures: { scans: 1 } }]);
    // The control: what mends one that is not read leaves equality to a scan of the table.
    for (const mend of unread.findings[0]?.mend ?? []) await narrow.query(mend);
    const [first] = await narrow.query(`explain ${byEquality}`);
    expect(first['QUERY PLAN']).toMatch(/^Seq Scan/);
  });

  it('keeps the predicate, and reports an index with two such keys once', async () => {
    const report = await examineOnly(scratch.dataSource, 'btree-on-array', [
      `create index x on t (tags) where name = 'a'`,
      'create index y on t (name, tags, document)',
    ]);
    expect(report.findings).toMatchObject([
      {
        object: 'public.x',
        mend: [expect.stringMatching(/USING gin \(tags\) WHERE \(name = 'a'::text\)$/), {}, {}],
      },
      { object: 'public.y', mend: [] },
    ]);
  });

  it.each([
    ['a GIN', 'create index x on t using gin (tags)'],
    ['a unique index', 'create unique index x on t (tags)'],
    ['a constraint', 'alter table t add constraint x unique (tags)'],
    ['an index that only carries it', 'create index x on t (name) include (tags)'],
    ['an index on an element', `create index x on t ((tags[1]), (document ->> 'a'))`],
    ['an index that is partial by it', `create index x on t (name) where tags @> '{a}'`],
  ])('does not report %s', async (_, statement) => {
    expect(await examineOnly(scratch.dataSource, 'btree-on-array', [statement])).toMatchObject({
      findings: [],
    });
  });
});
