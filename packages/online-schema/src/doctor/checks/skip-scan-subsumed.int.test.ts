import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { examineOnly, objectsOf } from '../../test/examine-only';

const TABLE = [
  'drop table if exists t',
  'create table t (kind integer not null, many integer not null, who integer not null)',
  'insert into t select n % 4, n % 5000, n from generate_series(1, 120000) as n',
  'vacuum analyze t',
];

describe('skip-scan-subsumed', () => {
  let server: TemporaryServer;
  let dataSource: DataSource;

  beforeAll(async () => {
    server = await openTemporaryServer({ version: 18 });
    dataSource = new DataSource({ type: 'postgres', url: server.url, installExtensions: false, poolSize: 1 });
    await dataSource.initialize();
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await server?.stop();
  });

  it('reports an index whose rows a skip scan of the longer one finds', async () => {
    const report = await examineOnly(dataSource, 'skip-scan-subsumed', [
      ...TABLE,
      'create index longer on t (kind, who)',
      'create index x on t (who)',
    ]);
    expect(report.findings).toMatchObject([
      // It does not deliver rows in order: a person has to decide.
      { object: 'public.x', mend: [], figures: { longerIndex: 'longer', leadingValues: 4 } },
    ]);
    await dataSource.query('drop index x');
    const rows: { 'QUERY PLAN': string }[] = await dataSource.query(
      'explain (costs off, analyze, timing off, summary off, buffers off) select * from t where who = 77',
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/using longer/);
    // One descent for each leading value and one for the end, where a full scan of the index would be a single one.
    expect(plan).toMatch(/Index Searches: [4-6]\b/);
  });

  it.each<[string, string[]]>([
    [
      'the leading column has many values',
      ['create index longer on t (many, who)', 'create index x on t (who)'],
    ],
    [
      'the longer one is partial',
      ['create index longer on t (kind, who) where kind > 0', 'create index x on t (who)'],
    ],
    ['it is unique', ['create index longer on t (kind, who)', 'create unique index x on t (who)']],
    [
      'the key has another order of characters',
      ['create index longer on t (kind, (who::text))', 'create index x on t ((who::text) text_pattern_ops)'],
    ],
    [
      'it is small',
      ['delete from t where who > 100', 'create index longer on t (kind, who)', 'create index x on t (who)'],
    ],
  ])('does not report it where %s', async (_, statements) => {
    const report = await examineOnly(dataSource, 'skip-scan-subsumed', [...TABLE, ...statements]);
    expect(objectsOf(report)).toEqual([]);
  });
});

describe('skip-scan-subsumed before PostgreSQL 18', () => {
  it('says nothing, since nothing skips there', async () => {
    await using server = await openTemporaryServer({ version: 17 });
    const dataSource = new DataSource({
      type: 'postgres',
      url: server.url,
      installExtensions: false,
      poolSize: 1,
    });
    await dataSource.initialize();
    try {
      const report = await examineOnly(dataSource, 'skip-scan-subsumed', [
        ...TABLE,
        'create index longer on t (kind, who)',
        'create index x on t (who)',
      ]);
      expect(report).toMatchObject({ findings: [], unseen: [] });
    } finally {
      await dataSource.destroy();
    }
  });
});
