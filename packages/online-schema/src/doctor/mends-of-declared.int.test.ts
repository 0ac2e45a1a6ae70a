import type { DataSource } from 'typeorm';
import { acceptFindings } from '../declaration/accept-findings';
import { findDrift } from '../drift/find-drift';
import { examineOnly, objectsOf } from '../test/examine-only';
import { openScratch, type Scratch } from '../test/scratch';
import { Article, Tag } from '../test/tagged.entities';
import type { CheckId } from './check-id';

describe('a finding about what the entities declare', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await openScratch();
    dataSource = await scratch.open({ entities: [Article, Tag] });
    for (const { mend } of (await findDrift(dataSource)).findings)
      for (const statement of mend) await dataSource.query(statement);
    // An index may have had its table only now.
    for (const { mend } of (await findDrift(dataSource)).findings)
      for (const statement of mend) await dataSource.query(statement);
    expect((await findDrift(dataSource)).findings).toEqual([]);
  });

  afterEach(() => scratch.close());

  it.each<[CheckId, string, string]>([
    [
      'duplicate-index',
      'idx_articles_slug',
      'Remove index idx_articles_slug from Article, then run holdfast generate --allow drop-index.',
    ],
    [
      'prefix-redundant',
      'idx_articles_title',
      'Remove index idx_articles_title from Article, then run holdfast generate --allow drop-index.',
    ],
    [
      'desc-nulls-first',
      'idx_articles_published',
      "Write the key of index idx_articles_published of Article as desc('publishedAt', { nulls: 'LAST' }), then run " +
        'holdfast generate.',
    ],
    [
      'btree-on-array',
      'idx_articles_words',
      "Add type: 'gin' to index idx_articles_words of Article, then run holdfast generate.",
    ],
    [
      'foreign-key-without-index',
      'articles (mainTagId)',
      "Add @Index('idx_articles_mainTagId', ['mainTag']) to Article, then run holdfast generate.",
    ],
  ])(
    'of %s names the change of the declaration, and gives no SQL that drift would undo',
    async (check, object, change) => {
      const { findings } = await examineOnly(dataSource, check);
      expect(findings.find((one) => one.object === `public.${object}`)).toMatchObject({ mend: [], change });
      // The control: the doctor of a database without entities has SQL, if any, and no declaration to speak of.
      const undeclared = await examineOnly(scratch.dataSource, check);
      const same = undeclared.findings.find((one) => one.object === `public.${object}`);
      expect(same).not.toHaveProperty('change');
      for (const statement of same?.mend ?? []) await dataSource.query(statement);
      expect((await findDrift(dataSource)).findings.length > 0).toBe((same?.mend ?? []).length > 0);
    },
  );

  it('of null-heavy names the predicate to declare', async () => {
    await dataSource.query(
      `insert into articles (id, title, slug, words) select n, '', n::text, '{}' from generate_series(1, 200000) as n`,
    );
    const { findings } = await examineOnly(dataSource, 'null-heavy', ['analyze articles']);
    expect(findings.find(({ object }) => object === 'public.idx_articles_published')).toMatchObject({
      mend: [],
      change: `Add where: '"published_at" IS NOT NULL' to index idx_articles_published of Article, then run holdfast generate.`,
    });
    const bare = await examineOnly(scratch.dataSource, 'null-heavy');
    expect(bare.findings[0]?.mend).toHaveLength(3);
  });

  it('keeps its SQL where nobody declares it', async () => {
    const { findings } = await examineOnly(dataSource, 'duplicate-index', [
      'create index another on articles (title)',
    ]);
    expect(findings.find(({ object }) => object === 'public.another')).toMatchObject({
      mend: ['DROP INDEX CONCURRENTLY "public"."another"'],
    });
  });

  it('names what to declare where the index that is kept is not declared: both would be dropped', async () => {
    const { findings } = await examineOnly(dataSource, 'prefix-redundant', [
      'drop index idx_articles_title',
      'create index idx_articles_title on articles (title)',
      'drop index idx_articles_title_slug',
      'create index longer on articles (title, id)',
    ]);
    expect(findings.find(({ object }) => object === 'public.idx_articles_title')).toMatchObject({
      mend: [],
      change:
        'Remove index idx_articles_title from Article, and declare longer there, then run holdfast generate --allow drop-index.',
    });
  });

  it('says of an index that TypeORM makes for a join table how to accept it, which does', async () => {
    const before = await examineOnly(dataSource, 'prefix-redundant');
    const found = before.findings.find(({ subject }) => subject.table === 'articles_tags');
    const name = found?.subject.index ?? '';
    expect(found).toMatchObject({
      mend: [],
      change:
        'TypeORM makes it for the join table articles_tags and would make it again: accept it, with acceptFindings.',
    });
    acceptFindings(dataSource, [{ check: 'prefix-redundant', name, reason: ' made by TypeORM ' }]);
    const after = await examineOnly(dataSource, 'prefix-redundant');
    expect(objectsOf(after)).not.toContain(found?.object);
    expect(after.accepted).toMatchObject([{ object: found?.object, reason: 'made by TypeORM' }]);
    expect(after.stale).toEqual([]);
    // The control: it is the DataSource that accepts it.
    expect(objectsOf(await examineOnly(scratch.dataSource, 'prefix-redundant'))).toContain(found?.object);
  });

  it('is accepted by schema, table, name and columns, and reported as stale where none of it is found', async () => {
    await dataSource.query(
      'create table loose (tag integer references tags, other integer references tags, a integer)',
    );
    acceptFindings(dataSource, [
      {
        check: 'foreign-key-without-index',
        table: 'loose',
        columns: ['tag'],
        reason: 'tags stay',
      },
      { check: 'foreign-key-without-index', table: 'loose', reason: 'the table, not a column' },
      {
        check: 'foreign-key-without-index',
        schema: 'elsewhere',
        table: 'loose',
        columns: ['other'],
        reason: 'another schema',
      },
      { check: 'foreign-key-without-index', name: 'IDX_gone', reason: 'was there once' },
    ]);
    const report = await examineOnly(dataSource, 'foreign-key-without-index');
    expect(objectsOf(report)).toEqual(['public.articles (mainTagId)', 'public.loose (other)']);
    expect(report.accepted.map(({ reason }) => reason)).toEqual(['tags stay']);
    expect(report.stale.map(({ object }) => object).sort()).toEqual([
      'IDX_gone',
      'elsewhere.loose.other',
      'loose',
    ]);
  });
});
