import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('collation-version', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    for (const statement of [
      `create collation german (provider = icu, locale = 'de')`,
      `create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
      'create extension pg_trgm',
      'create extension btree_gist',
      'create table t (id integer primary key, name text, german text collate german, tags text[] collate german, loose text collate loose)',
    ])
      await scratch.dataSource.query(statement);
  });

  afterEach(() => scratch.close());

  const look = (...statements: string[]) => examineOnly(scratch.dataSource, 'collation-version', statements);
  /** What an update of the operating system does, seen from the catalog. */
  const age = (collation: string) =>
    `update pg_collation set collversion = '1.0' where collname = '${collation}'`;

  it('reports a collation that has changed, with the indexes that sort by it', async () => {
    const report = await look(
      'create index x on t (german)',
      'create schema other',
      'create table other.t (name text)',
      'create index "y z" on other.t (name collate german)',
      age('german'),
    );
    expect(report.findings).toMatchObject([
      { object: 'public.german', severity: 'critical', figures: { recorded: '1.0', indexes: 2 } },
    ]);
    expect(report.findings[0]?.mend).toEqual([
      'REINDEX INDEX CONCURRENTLY "other"."y z"',
      'REINDEX INDEX CONCURRENTLY "public"."x"',
      'ALTER COLLATION "public"."german" REFRESH VERSION',
    ]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it.each([
    ['a second key', 'create index x on t (id, german)'],
    ['an expression', 'create index x on t (lower(german))'],
    ['a comparison inside of an expression', 'create index x on t ((name < $$m$$ collate german))'],
    ['a predicate', 'create index x on t (id) where name < $$m$$ collate german'],
    ['a summary', 'create index x on t using brin (german)'],
    ['an array', 'create index x on t using gin (tags)'],
    ['a constraint', 'alter table t add constraint x unique (german)'],
    ['an exclusion', 'alter table t add constraint x exclude using gist (german with =)'],
  ])('names an index that sorts by it in %s', async (_, statement) => {
    const report = await look(statement, age('german'));
    expect(report.findings).toMatchObject([{ object: 'public.german', figures: { indexes: 1 } }]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it('names a hash index where equal does not mean the same bytes', async () => {
    const report = await look('create index x on t using hash (loose)', age('loose'));
    expect(report.findings).toMatchObject([{ object: 'public.loose', figures: { indexes: 1 } }]);
  });

  it.each<[string, string[]]>([
    ['that has not changed', ['create index x on t (german)']],
    ['that no index uses', [age('german')]],
    ['whose text an index only carries', ['create index x on t (id) include (german)', age('german')]],
    ['of an index by hash', ['create index x on t using hash (german)', age('german')]],
    ['of an index by bytes', ['create index x on t (german text_pattern_ops)', age('german')]],
    ['of an index of trigrams', ['create index x on t using gin (german gin_trgm_ops)', age('german')]],
    [
      'whose provider is the server itself',
      [
        `create collation plain (provider = builtin, locale = 'C.UTF-8')`,
        'create index x on t (name collate plain)',
        age('plain'),
      ],
    ],
  ])('does not report a collation %s', async (_, statements) => {
    expect(objectsOf(await look(...statements))).toEqual([]);
  });

  describe('of the database', () => {
    let name: string;
    let dataSource: DataSource;

    beforeEach(async () => {
      name = `german_${randomBytes(6).toString('hex')}`;
      await scratch.dataSource.query(
        `create database ${name} template template0 locale_provider icu icu_locale 'de' locale 'C'`,
      );
      const url = new URL(scratch.url);
      url.pathname = `/${name}`;
      dataSource = new DataSource({ type: 'postgres', url: url.href, installExtensions: false });
      await dataSource.initialize();
      await dataSource.query('create table t (id integer primary key, name text)');
    });

    afterEach(async () => {
      await dataSource.destroy();
      await scratch.dataSource.query(`drop database ${name}`);
    });

    const ageDatabase = () => `update pg_database set datcollversion = '1.0' where datname = '${name}'`;

    it('is reported, with the indexes that sort by it', async () => {
      const report = await examineOnly(dataSource, 'collation-version', [
        'create index x on t (name)',
        'create index y on t (name collate "C")',
        ageDatabase(),
      ]);
      expect(report.findings).toMatchObject([
        {
          object: `database ${name}`,
          severity: 'critical',
          mend: [
            'REINDEX INDEX CONCURRENTLY "public"."x"',
            `ALTER DATABASE "${name}" REFRESH COLLATION VERSION`,
          ],
        },
      ]);
      for (const mend of report.findings[0]?.mend ?? []) await dataSource.query(mend);
      expect(objectsOf(await examineOnly(dataSource, 'collation-version'))).toEqual([]);
    });

    it('is a notice where no index sorts by it', async () => {
      const report = await examineOnly(dataSource, 'collation-version', [ageDatabase()]);
      expect(report.findings).toMatchObject([{ severity: 'notice', figures: { indexes: 0 } }]);
    });
  });
});
