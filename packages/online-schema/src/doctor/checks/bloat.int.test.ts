import { asStranger } from '../../test/as-stranger';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

const MIB = 1024 * 1024;

describe('bloat', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
  });

  afterEach(() => scratch.close());

  /** With every statement counted before the next one. */
  const look = (...statements: string[]) =>
    examineOnly(
      scratch.dataSource,
      'bloat',
      statements.flatMap((statement) => [statement, 'select pg_stat_force_next_flush()']),
    );
  const fill = (table: string, rows: number, options = '') => [
    `create table ${table} (id integer, pad text) with (autovacuum_enabled = false${options})`,
    `insert into ${table} select n, repeat('x', 100) from generate_series(1, ${rows}) as n`,
  ];

  it('reports a table most of whose rows are gone, with what could be given back', async () => {
    const report = await look(...fill('t', 300_000), 'delete from t where id % 4 > 0', 'vacuum analyze t');
    expect(report).toMatchObject({ findings: [{ object: 'public.t', severity: 'notice', mend: [] }] });
    const estimated = Number(report.findings[0]?.figures.wastedBytes);
    const size = async () => {
      const [row] = await scratch.dataSource.query(`select pg_relation_size('t')::float8 as bytes`);
      return row.bytes as number;
    };
    const before = await size();
    await scratch.dataSource.query('vacuum full t');
    const given = before - (await size());
    expect(Math.abs(estimated - given)).toBeLessThan(given * 0.05);
    expect(objectsOf(await look('analyze t'))).toEqual([]);
  });

  it('says that vacuum is behind where dead rows are what fills it', async () => {
    const report = await look(...fill('t', 300_000), 'delete from t where id % 4 > 0', 'analyze t');
    expect(report.findings).toMatchObject([{ object: 'public.t', mend: ['VACUUM (ANALYZE) "public"."t"'] }]);
  });

  it.each<[string, string[]]>([
    [
      'of which a third is empty',
      [...fill('t', 500_000), 'delete from t where id % 3 = 0', 'vacuum analyze t'],
    ],
    ['that is small', [...fill('t', 100_000), 'delete from t where id % 4 > 0', 'vacuum analyze t']],
    ['that is to be half empty', [...fill('t', 200_000, ', fillfactor = 45'), 'vacuum analyze t']],
    [
      'that has grown since it was analysed',
      [
        ...fill('t', 150_000),
        'analyze t',
        `insert into t select n, repeat('x', 100) from generate_series(1, 350000) as n`,
      ],
    ],
    [
      'whose rows are stored outside of it',
      [
        'create table t (id integer, document text)',
        'alter table t alter document set storage external',
        `insert into t select n, repeat('x', 5000) from generate_series(1, 8000) as n`,
        'vacuum analyze t',
      ],
    ],
    [
      'whose columns are padded',
      [
        'create table t (a boolean, b bigint, c boolean, d bigint, e boolean, f bigint, g boolean, h bigint)',
        'insert into t select true, n, true, n, true, n, true, n from generate_series(1, 200000) as n',
        'analyze t',
      ],
    ],
  ])('does not report a table %s', async (_, statements) => {
    const report = await look(...statements);
    expect(report).toMatchObject({ findings: [], unseen: [] });
  });

  it('reports an index whose keys are gone while its table is full', async () => {
    const replace = (round: number) => [
      'delete from t where id % 10 > 0',
      'vacuum t',
      `insert into t select n from generate_series(${round} * 1000000 + 1, ${round} * 1000000 + 540000) as n`,
    ];
    const report = await look(
      'create table t (id integer) with (autovacuum_enabled = false)',
      'insert into t select n from generate_series(1, 600000) as n',
      'create index x on t (id)',
      'create table full_ as select n as id from generate_series(1, 1000000) as n',
      'create index full_x on full_ (id)',
      ...replace(1),
      ...replace(2),
      ...replace(3),
      'analyze',
    );
    expect(report).toMatchObject({
      findings: [{ object: 'public.x', mend: ['REINDEX INDEX CONCURRENTLY "public"."x"'] }],
      unseen: [],
    });
    expect(report.findings[0]?.figures.wastedBytes).toBeGreaterThan(16 * MIB);
    for (const statement of report.findings[0]?.mend ?? []) await scratch.dataSource.query(statement);
    expect(objectsOf(await look())).toEqual([]);
  });

  it('says whose statistics it may not see', async () => {
    for (const statement of [
      ...fill('t', 300_000),
      'create index x on t (pad, id)',
      'delete from t where id % 4 > 0',
      'vacuum analyze t',
    ])
      await scratch.dataSource.query(statement);
    const stranger = await asStranger(scratch.dataSource, [], look);
    expect(stranger).toMatchObject({
      findings: [],
      unseen: [
        { message: expect.stringContaining('statistics of public.t are hidden') },
        { message: expect.stringContaining('How full public.x is cannot be estimated') },
      ],
    });
    const reader = await asStranger(scratch.dataSource, ['select on t'], look);
    expect(objectsOf(reader)).toEqual(['public.t', 'public.x']);
  });
});
