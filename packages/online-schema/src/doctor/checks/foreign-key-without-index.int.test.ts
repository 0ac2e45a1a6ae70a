import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('foreign-key-without-index', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    for (const statement of [
      'create table parent (id bigint primary key, k text, unique (id, k))',
      `create table child (
         id integer primary key, parent_id integer references parent on delete cascade, status text, k text
       )`,
    ])
      await scratch.dataSource.query(statement);
  });

  afterEach(() => scratch.close());

  it('mends it under a name that is free', async () => {
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [
      `create index idx_child_parent_id on child (parent_id) where status = 'active'`,
    ]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(await examineOnly(scratch.dataSource, 'foreign-key-without-index')).toMatchObject({
      findings: [],
    });
  });

  it.each<[string, string[]]>([
    ['no index at all', []],
    ['the column behind another one', ['create index x on child (status, parent_id)']],
    ['a predicate that leaves rows out', [`create index x on child (parent_id) where status = 'active'`]],
    [
      'a predicate on the column that leaves rows out',
      ['create index x on child (parent_id) where parent_id > 5'],
    ],
    ['an expression of the column', ['create index x on child ((parent_id + 0))']],
    ['a brin index', ['create index x on child using brin (parent_id)']],
    [
      'an invalid index',
      [
        'create index x on child (parent_id)',
        `update pg_index set indisvalid = false where indexrelid = 'x'::regclass`,
      ],
    ],
    [
      'an operator class that compares otherwise',
      [
        'create operator class odd_ops for type integer using btree as operator 1 <, operator 2 <=, operator 3 =, ' +
          'operator 4 >=, operator 5 >, function 1 btint4cmp(integer, integer)',
        // Its own family has int4 = int4 alone: a bigint of the parent is not looked up through it.
        'create index x on child (parent_id odd_ops)',
      ],
    ],
  ])('reports a foreign key with %s', async (_, statements) => {
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index', statements);
    expect(report.findings).toMatchObject([
      {
        object: 'public.child (parent_id)',
        subject: { schema: 'public', table: 'child', columns: ['parent_id'] },
      },
    ]);
    expect(report.unseen).toEqual([]);
  });

  it.each<[string, string]>([
    ['an index on it', 'create index x on child (parent_id)'],
    ['a longer index that it leads', 'create index x on child (parent_id, status)'],
    ['a hash index', 'create index x on child using hash (parent_id)'],
    [
      'a predicate that leaves out only rows that refer to nothing',
      'create index x on child (parent_id) where parent_id is not null',
    ],
    [
      'a predicate of which that is one of several ways to be met',
      `create index x on child (parent_id) where status = 'a' or parent_id is not null`,
    ],
    ['a descending index', 'create index x on child (parent_id desc nulls last)'],
    ['a unique index', 'create unique index x on child (parent_id) include (status)'],
  ])('does not report a foreign key with %s', async (_, statement) => {
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [statement]);
    expect(report).toMatchObject({ findings: [], unseen: [] });
  });

  it('finds the columns of a composite key in any order, and not one of them alone', async () => {
    const statements = [
      'create index x on child (parent_id)',
      `alter table child add constraint pair foreign key (parent_id, k) references parent (id, k)`,
    ];
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index', statements);
    expect(objectsOf(report)).toEqual(['public.child (parent_id, k)']);
    const served = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [
      'create index y on child (k, parent_id)',
    ]);
    expect(objectsOf(served)).toEqual([]);
  });

  it('takes a unique index of one of the columns for enough', async () => {
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [
      'create unique index x on child (parent_id)',
      `alter table child add constraint pair foreign key (parent_id, k) references parent (id, k)`,
    ]);
    expect(objectsOf(report)).toEqual([]);
  });

  it('offers SQL that mends it, without stopping writers', async () => {
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index');
    expect(report.findings[0]?.mend).toEqual([
      'CREATE INDEX CONCURRENTLY "idx_child_parent_id" ON "public"."child" USING btree ("parent_id")',
    ]);
    const after = await examineOnly(
      scratch.dataSource,
      'foreign-key-without-index',
      report.findings[0]?.mend ?? [],
    );
    expect(objectsOf(after)).toEqual([]);
  });

  it('tells what a scan reads: the rows, and no index', async () => {
    const { findings } = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [
      `insert into child select n, null, repeat('x', 100) from generate_series(1, 20000) as n`,
      'create index other on child (status, id)',
    ]);
    const [size]: { heap: number; whole: number }[] = await scratch.dataSource.query(
      `select pg_relation_size('child')::float8 as heap, pg_total_relation_size('child')::float8 as whole`,
    );
    expect(findings[0]?.figures.tableBytes).toBe(size?.heap);
    expect(size?.whole).toBeGreaterThan(2 * (size?.heap ?? 0));
  });

  it('reports the foreign key of a partitioned table once, at the table', async () => {
    const report = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [
      'create index x on child (parent_id)',
      'create table p (id integer, parent_id bigint references parent) partition by list (id)',
      'create table p1 partition of p for values in (1)',
      'create table p2 partition of p for values in (2)',
    ]);
    expect(report.findings).toMatchObject([{ object: 'public.p (parent_id)', mend: [] }]);
    const after = await examineOnly(scratch.dataSource, 'foreign-key-without-index', [
      'create index p_parent on p (parent_id)',
    ]);
    expect(objectsOf(after)).toEqual([]);
  });

  it('says what a role without SELECT cannot know of a predicate, and reports the rest', async () => {
    await scratch.dataSource.query(`create index x on child (parent_id) where parent_id is not null`);
    await scratch.dataSource.query('create table other (parent_id bigint references parent)');
    const role = `doctor_${Date.now()}`;
    await scratch.dataSource.query(`create role ${role}`);
    try {
      const plain = await scratch.open({ poolSize: 1 });
      await plain.query(`set role ${role}`);
      const report = await examineOnly(plain, 'foreign-key-without-index');
      expect(objectsOf(report)).toEqual(['public.other (parent_id)']);
      expect(report.unseen).toMatchObject([
        { message: expect.stringContaining('takes SELECT on the table') },
      ]);
    } finally {
      await scratch.dataSource.query(`drop role ${role}`);
    }
  });
});
