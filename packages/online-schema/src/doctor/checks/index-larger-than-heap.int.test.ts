import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('index-larger-than-heap', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
  });

  afterEach(() => scratch.close());

  const look = (...statements: string[]) =>
    examineOnly(scratch.dataSource, 'index-larger-than-heap', statements);
  const fill = (rows: number) => [
    'create table t (id integer, word text) with (autovacuum_enabled = false)',
    `insert into t select n, md5(n::text) from generate_series(1, ${rows}) as n`,
  ];

  it('reports an index that is larger than all of its table, and not the others', async () => {
    const report = await look(
      ...fill(300_000),
      'create index x on t (word, id) with (fillfactor = 40)',
      'create index y on t (id)',
    );
    expect(report.findings).toMatchObject([
      { object: 'public.x', severity: 'notice', subject: { table: 't', index: 'x' }, mend: [] },
    ]);
  });

  it('reports a table of whose indexes none is larger, but all together are more than twice as large', async () => {
    const indexes = ['word', 'word, id', 'id, word', '(reverse(word))'];
    const report = await look(...fill(250_000), ...indexes.map((keys) => `create index on t (${keys})`));
    expect(report.findings).toMatchObject([{ object: 'public.t', figures: { indexes: 4 } }]);
  });

  it.each<[string, string[]]>([
    ['that is as large as its table, almost', [...fill(300_000), 'create index x on t (word, id)']],
    ['that is small', [...fill(50_000), 'create index x on t (word, id) with (fillfactor = 40)']],
    [
      'on a table whose rows are stored outside of it',
      [
        'create table t (id integer, document text)',
        'alter table t alter document set storage external',
        `insert into t
         select n, (select string_agg(md5(n || ' ' || i), '') from generate_series(1, 70) as i)
         from generate_series(1, 20000) as n`,
        'create index x on t (left(document, 1000))',
      ],
    ],
  ])('does not report an index %s', async (_, statements) => {
    expect(objectsOf(await look(...statements))).toEqual([]);
  });
});
