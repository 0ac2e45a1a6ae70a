import { asStranger } from '../../test/as-stranger';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('never-analysed', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
  });

  afterEach(() => scratch.close());

  /** A day later, with every statement counted before the next one. */
  const look = (...statements: string[]) =>
    examineOnly(
      scratch.dataSource,
      'never-analysed',
      statements.flatMap((statement) => [statement, 'select pg_stat_force_next_flush()']),
      { now: new Date(Date.now() + 24 * 60 * 60 * 1000) },
    );

  const create = 'create table t (id integer, name text) with (autovacuum_enabled = false)';
  const insert = (rows: number) =>
    `insert into t select n, repeat('x', 100) from generate_series(1, ${rows}) as n`;

  it('reports a table with rows that was never analysed, and is content once it was', async () => {
    const report = await look(create, insert(20_000));
    expect(report.findings).toMatchObject([
      {
        object: 'public.t',
        mend: ['ANALYZE "public"."t"'],
        figures: { autovacuum: false, analysedAgoMs: null },
      },
    ]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it.each([
    ['VACUUM', 'vacuum t'],
    ['CREATE INDEX', 'create index x on t (id)'],
  ])('is not deceived by %s, which counts the rows as well', async (_, statement) => {
    expect(objectsOf(await look(create, insert(20_000), statement))).toEqual(['public.t']);
  });

  it('reports a table that was analysed before its first rows came', async () => {
    expect(objectsOf(await look(create, 'analyze t', insert(9000)))).toEqual(['public.t']);
  });

  it('reports statistics from before most of the rows', async () => {
    const report = await look(create, insert(10_000), 'analyze t', insert(12_000));
    expect(report.findings).toMatchObject([
      { object: 'public.t', figures: { changedRows: 12_000, rows: 10_000 } },
    ]);
    expect(report.findings[0]?.message).toMatch(
      /^Its statistics are (23|24) hours old, and 12,000 rows have changed/,
    );
  });

  it.each<[string, string[]]>([
    ['without rows', [create]],
    ['of which all rows were rolled back', [create, 'begin', insert(20_000), 'rollback', 'analyze t']],
    ['with few rows', [create, insert(5000)]],
    ['that was analysed before a few changes', [create, insert(20_000), 'analyze t', insert(9000)]],
    ['that was analysed before a small part came', [create, insert(200_000), 'analyze t', insert(20_000)]],
    [
      'whose counts began anew after ANALYZE',
      [create, insert(20_000), 'analyze t', 'select pg_stat_reset()'],
    ],
    [
      'of which no statistics are wanted',
      [
        create,
        insert(20_000),
        'alter table t alter id set statistics 0, alter name set statistics 0',
        'analyze t',
      ],
    ],
  ])('does not report a table %s', async (_, statements) => {
    expect(await look(...statements)).toMatchObject({ findings: [], unseen: [] });
  });

  describe('a partitioned table', () => {
    const partitions = [
      'create table t (id integer, name text) partition by range (id)',
      'create table t1 partition of t for values from (0) to (10000) with (autovacuum_enabled = false)',
      'create table t2 partition of t for values from (10000) to (30000) with (autovacuum_enabled = false)',
      insert(20_000),
    ];

    it('is reported where only its partitions were analysed, as autovacuum does', async () => {
      const report = await look(...partitions, 'analyze t1', 'analyze t2');
      expect(objectsOf(report)).toEqual(['public.t']);
      expect(report.findings[0]?.message).toContain('Autovacuum analyses partitions');
      await scratch.dataSource.query('analyze t');
      expect(objectsOf(await look())).toEqual([]);
    });

    it('is reported once, not again for each partition', async () => {
      expect(objectsOf(await look(...partitions))).toEqual(['public.t']);
    });

    it('leaves it to a partition alone if that is all that lacks', async () => {
      const late =
        'create table t3 partition of t for values from (30000) to (60000) with (autovacuum_enabled = false)';
      expect(
        objectsOf(
          await look(
            ...partitions,
            'analyze t',
            late,
            `insert into t select n, repeat('x', 100) from generate_series(30001, 39000) as n`,
          ),
        ),
      ).toEqual(['public.t3']);
    });
  });

  it('says of which tables it cannot know, and only of those', async () => {
    await look(create, insert(20_000));
    const stranger = await asStranger(scratch.dataSource, [], look);
    expect(stranger).toMatchObject({
      findings: [],
      unseen: [{ message: expect.stringContaining('Whether public.t has statistics') }],
    });
    expect(objectsOf(await asStranger(scratch.dataSource, ['select (id) on t'], look))).toEqual(['public.t']);
    await look('analyze t');
    expect(await asStranger(scratch.dataSource, [], look)).toMatchObject({ findings: [], unseen: [] });
  });
});
