import { EntitySchema } from 'typeorm';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

const TABLE =
  'create table t (id integer primary key, a integer not null, b integer not null, c text, j jsonb, g integer[])';

describe('indexes that another one makes unnecessary', () => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await openScratch();
  });

  beforeEach(async () => {
    for (const statement of [
      'drop schema if exists other cascade',
      'drop schema public cascade',
      'create schema public',
    ])
      await scratch.dataSource.query(statement);
    await scratch.dataSource.query(TABLE);
  });

  afterAll(() => scratch.close());

  describe('duplicate-index', () => {
    it.each<[string, string[], string[]]>([
      ['the same keys', ['create index x1 on t (a, b)', 'create index x2 on t (a, b)'], ['public.x2']],
      [
        'three of them, each once',
        ['create index x1 on t (a)', 'create index x2 on t (a)', 'create index x3 on t (a)'],
        ['public.x2', 'public.x3'],
      ],
      [
        'the exactly opposite order, which is the same tree read backwards',
        ['create index x1 on t (a, b desc)', 'create index x2 on t (a desc, b)'],
        ['public.x2'],
      ],
      ['the keys of the primary key', ['create index a_pk on t (id)'], ['public.a_pk']],
      [
        'a unique constraint and a unique index',
        ['alter table t add constraint t_a_key unique (a)', 'create unique index a_u on t (a)'],
        ['public.a_u'],
      ],
      [
        'a plain one beside a unique one',
        ['create index x1 on t (a)', 'create unique index x2 on t (a)'],
        ['public.x1'],
      ],
      [
        'included columns that the other one carries too',
        ['create index x1 on t (a) include (b)', 'create index x2 on t (a) include (b, c)'],
        ['public.x1'],
      ],
      [
        'the same expression and predicate',
        ['create index x1 on t (lower(c)) where a > 0', 'create index x2 on t (LOWER( c )) where (a > 0)'],
        ['public.x2'],
      ],
      [
        'the looser of two rules',
        ['create unique index a_loose on t (c)', 'create unique index b_strict on t (c) nulls not distinct'],
        ['public.a_loose'],
      ],
      ['gin', ['create index x1 on t using gin (j)', 'create index x2 on t using gin (j)'], ['public.x2']],
    ])('reports %s', async (_, statements, expected) => {
      const report = await examineOnly(scratch.dataSource, 'duplicate-index', statements);
      expect(objectsOf(report)).toEqual(expected);
      expect(report.unseen).toEqual([]);
    });

    it.each<[string, string[]]>([
      ['another order of columns', ['create index x1 on t (a, b)', 'create index x2 on t (b, a)']],
      ['one key in another direction', ['create index x1 on t (a, b)', 'create index x2 on t (a, b desc)']],
      ['NULLs in another place', ['create index x1 on t (c)', 'create index x2 on t (c nulls first)']],
      ['another operator class', ['create index x1 on t (c)', 'create index x2 on t (c text_pattern_ops)']],
      ['another collation', ['create index x1 on t (c)', 'create index x2 on t (c collate "C")']],
      [
        'another expression, which pg_index.indkey takes for the same',
        ['create index x1 on t (lower(c))', 'create index x2 on t (upper(c))'],
      ],
      ['another predicate', ['create index x1 on t (a) where b > 0', 'create index x2 on t (a) where b > 1']],
      ['a predicate on one only', ['create index x1 on t (a)', 'create index x2 on t (a) where b > 1']],
      ['another method', ['create index x1 on t (a)', 'create index x2 on t using hash (a)']],
      [
        'other parameters of the operator class',
        ['create index x1 on t using gin (j)', 'create index x2 on t using gin (j jsonb_path_ops)'],
      ],
      [
        'brin over ranges of another size',
        [
          'create index x1 on t using brin (a)',
          'create index x2 on t using brin (a) with (pages_per_range = 8)',
        ],
      ],
      [
        'each with a column that the other one does not carry',
        ['create index x1 on t (a) include (b)', 'create index x2 on t (a) include (c)'],
      ],
      [
        'a column that is called as the expression reads',
        [
          'alter table t add "lower(c)" text',
          'create index x1 on t (lower(c))',
          'create index x2 on t ("lower(c)")',
        ],
      ],
      [
        'the primary key, though a unique index carries more',
        ['create unique index x1 on t (id) include (a)'],
      ],
    ])('does not report %s', async (_, statements) => {
      const report = await examineOnly(scratch.dataSource, 'duplicate-index', statements);
      expect(objectsOf(report)).toEqual([]);
    });

    it('says what to look for before a constraint is dropped', async () => {
      const report = await examineOnly(scratch.dataSource, 'duplicate-index', [
        'create table named (id integer primary key)',
        'alter table named add constraint named_key unique (id)',
      ]);
      expect(report.findings).toMatchObject([{ object: 'public.named_key' }]);
      expect(report.findings[0]?.message).toMatch(
        /no statement names the constraint in ON CONFLICT ON CONSTRAINT\.$/,
      );
      const write = () =>
        scratch.dataSource.query(
          'insert into named values (1) on conflict on constraint named_key do nothing',
        );
      await write();
      for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
      await expect(write()).rejects.toThrow('does not exist');
    });

    it('does not offer one that a foreign key rests on, even beside the primary key', async () => {
      const report = await examineOnly(scratch.dataSource, 'duplicate-index', [
        'create table owner (id integer not null constraint owner_id_key unique)',
        'create table owned (id integer references owner (id))',
        'alter table owner add constraint owner_pkey primary key (id)',
      ]);
      const bearer: unknown[] = await scratch.dataSource.query(
        `select conindid::regclass::text as name from pg_constraint where contype = 'f'`,
      );
      expect(bearer).toEqual([{ name: 'owner_id_key' }]);
      expect(objectsOf(report)).toEqual([]);
    });

    it('does not offer a replica identity', async () => {
      const report = await examineOnly(scratch.dataSource, 'duplicate-index', [
        'create unique index t_identity on t (id)',
        'alter table t replica identity using index t_identity',
      ]);
      expect(objectsOf(report)).toEqual([]);
    });

    it('does not compare tables of one name in two schemas', async () => {
      const Elsewhere = new EntitySchema({
        name: 'Elsewhere',
        schema: 'other',
        tableName: 't',
        columns: { a: { type: 'integer', primary: true } },
      });
      const both = await scratch.open({ entities: [Elsewhere] });
      const statements = [
        'create schema other',
        'create table other.t (a integer)',
        'create index x1 on t (a)',
        'create index x2 on other.t (a)',
      ];
      expect(objectsOf(await examineOnly(both, 'duplicate-index', statements))).toEqual([]);
      const twice = await examineOnly(both, 'duplicate-index', ['create index x3 on other.t (a)']);
      expect(objectsOf(twice)).toEqual(['other.x3']);
    });

    it('offers SQL that mends it', async () => {
      const report = await examineOnly(scratch.dataSource, 'duplicate-index', [
        'create index x1 on t (a)',
        'create index x2 on t (a)',
        'alter table t add constraint t_id_key unique (id)',
      ]);
      expect(report.findings).toHaveLength(2);
      const mend = report.findings.flatMap((finding) => finding.mend);
      expect(objectsOf(await examineOnly(scratch.dataSource, 'duplicate-index', mend))).toEqual([]);
    });
  });

  describe('prefix-redundant', () => {
    it.each<[string, string[]]>([
      ['the first keys', ['create index x1 on t (a)', 'create index x2 on t (a, b)']],
      ['the first keys of a unique one', ['create index x1 on t (a)', 'create unique index x2 on t (a, b)']],
      ['the first keys backwards', ['create index x1 on t (a desc)', 'create index x2 on t (a, b desc)']],
      [
        'the same predicate',
        ['create index x1 on t (a) where b > 0', 'create index x2 on t (a, c) where b > 0'],
      ],
      [
        'an included column that is a key of the longer one',
        ['create index x1 on t (a) include (b)', 'create index x2 on t (a, b)'],
      ],
      ['an expression', ['create index x1 on t (lower(c))', 'create index x2 on t (lower(c), a)']],
    ])('reports %s', async (_, statements) => {
      const report = await examineOnly(scratch.dataSource, 'prefix-redundant', statements);
      expect(objectsOf(report)).toEqual(['public.x1']);
      const after = await examineOnly(scratch.dataSource, 'prefix-redundant', report.findings[0]?.mend ?? []);
      expect(objectsOf(after)).toEqual([]);
    });

    it.each<[string, string[]]>([
      ['a unique one', ['create unique index x1 on t (a)', 'create index x2 on t (a, b)']],
      ['keys that are not the first', ['create index x1 on t (b)', 'create index x2 on t (a, b)']],
      ['one of two keys reversed', ['create index x1 on t (a, b)', 'create index x2 on t (a, b desc, c)']],
      [
        'another operator class',
        ['create index x1 on t (c text_pattern_ops)', 'create index x2 on t (c, a)'],
      ],
      ['another collation', ['create index x1 on t (c collate "C")', 'create index x2 on t (c, a)']],
      [
        'a longer one that is partial',
        ['create index x1 on t (a)', 'create index x2 on t (a, b) where b > 0'],
      ],
      [
        'a shorter one that is partial',
        ['create index x1 on t (a) where b > 0', 'create index x2 on t (a, b)'],
      ],
      [
        'an included column that the longer one lacks',
        ['create index x1 on t (a) include (c)', 'create index x2 on t (a, b)'],
      ],
      [
        'gin, where every key serves alone',
        ['create index x1 on t using gin (j)', 'create index x2 on t using gin (j, g)'],
      ],
      ['another expression', ['create index x1 on t (upper(c))', 'create index x2 on t (lower(c), a)']],
      [
        'a longer one that is invalid',
        [
          'create index x1 on t (a)',
          'create index x2 on t (a, b)',
          `update pg_index set indisvalid = false where indexrelid = 'x2'::regclass`,
        ],
      ],
    ])('does not report %s', async (_, statements) => {
      const report = await examineOnly(scratch.dataSource, 'prefix-redundant', statements);
      expect(objectsOf(report)).toEqual([]);
    });

    it('leaves to duplicate-index what is one', async () => {
      const report = await examineOnly(scratch.dataSource, 'prefix-redundant', [
        'create index x1 on t (a)',
        'create index x2 on t (a)',
        'create index x3 on t (a, b)',
      ]);
      expect(objectsOf(report)).toEqual(['public.x1']);
    });
  });
});
