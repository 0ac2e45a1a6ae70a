import { asStranger } from '../../test/as-stranger';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('null-heavy', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
    for (const statement of [
      `create table t (id integer not null, parent integer, half integer, full_ integer not null)`,
      `insert into t
       select n, case when n % 20 = 0 then n end, case when n % 2 = 0 then n end, n from generate_series(1, 300000) as n`,
      'analyze t',
    ])
      await scratch.dataSource.query(statement);
  });

  afterEach(() => scratch.close());

  const sizeOf = async (index: string) => {
    const [row] = await scratch.dataSource.query(`select pg_relation_size($1::regclass)::float8 as bytes`, [
      index,
    ]);
    return row.bytes as number;
  };

  it.each([
    ['of one column', 'create index x on t (parent)'],
    ['with a further key', 'create index x on t (parent, id)'],
    ['that carries a column', 'create index x on t (parent) include (id)'],
    [
      'in an order and with a fill factor',
      'create index x on t (parent desc nulls last) with (fillfactor = 70)',
    ],
  ])('reports an index %s, and what the mend saves', async (_, statement) => {
    const report = await examineOnly(scratch.dataSource, 'null-heavy', [statement]);
    expect(report).toMatchObject({ findings: [{ object: 'public.x' }], unseen: [] });
    const before = await sizeOf('x');
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    const saved = before - (await sizeOf('x'));
    const told = Number(report.findings[0]?.figures.savedBytes);
    expect(told / saved).toBeGreaterThan(0.6);
    expect(told / saved).toBeLessThan(1.1);
    expect(await examineOnly(scratch.dataSource, 'null-heavy')).toMatchObject({ findings: [] });
  });

  it('reports a unique one, but gives no SQL that would make ON CONFLICT fail', async () => {
    const report = await examineOnly(scratch.dataSource, 'null-heavy', [
      'create unique index x on t (parent)',
    ]);
    expect(report.findings).toMatchObject([{ object: 'public.x', mend: [] }]);
    const write = () =>
      scratch.dataSource.query('insert into t values (1, 20, 1, 1) on conflict (parent) do nothing');
    await write();
    // The control: with the predicate, it is no rule for those columns any more.
    await scratch.dataSource.query('drop index x');
    await scratch.dataSource.query('create unique index x on t (parent) where parent is not null');
    await expect(write()).rejects.toThrow('no unique or exclusion constraint');
  });

  it('leaves all of the index but its NULLs as it was', async () => {
    const report = await examineOnly(scratch.dataSource, 'null-heavy', [
      'create index "a b" on t (parent desc nulls last, id) include (half) with (fillfactor = 70)',
    ]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    const [row] = await scratch.dataSource.query(`select pg_get_indexdef('"a b"'::regclass) as definition`);
    expect(row.definition).toBe(
      'CREATE INDEX "a b" ON public.t USING btree (parent DESC NULLS LAST, id) INCLUDE (half) ' +
        `WITH (fillfactor='70') WHERE (parent IS NOT NULL)`,
    );
  });

  it.each<[string, string[]]>([
    ['on a column that is NULL in half of the rows', ['create index x on t (half)']],
    ['on a column without NULLs', ['create index x on t (full_)']],
    ['with NULLs in a further key only', ['create index x on t (id, parent)']],
    ['without NULLs by its predicate', ['create index x on t (parent) where parent is not null']],
    ['of the NULLs', ['create index x on t (id) where parent is null']],
    ['that allows one NULL', ['create unique index x on t (parent, id) nulls not distinct']],
    ['of a constraint, which can have no predicate', ['alter table t add constraint x unique (parent)']],
    [
      'that a foreign key rests on',
      ['create unique index x on t (parent)', 'create table child (parent integer references t (parent))'],
    ],
    ['that holds no NULLs anyway', ['create index x on t using hash (parent)']],
    ['that is small', ['delete from t where id > 50000', 'create index x on t (parent)', 'vacuum analyze t']],
  ])('does not report an index %s', async (_, statements) => {
    const report = await examineOnly(scratch.dataSource, 'null-heavy', statements);
    expect(report).toMatchObject({ findings: [], unseen: [] });
  });

  it('reports an index of a partitioned table once, without SQL that its partitions would refuse', async () => {
    const report = await examineOnly(scratch.dataSource, 'null-heavy', [
      'create table p (id integer, parent integer) partition by range (id)',
      'create table p1 partition of p for values from (0) to (150000)',
      'create table p2 partition of p for values from (150000) to (400000)',
      'insert into p select id, parent from t',
      'create index x on p (parent)',
      'analyze p',
    ]);
    expect(report.findings).toMatchObject([{ object: 'public.x', mend: [] }]);
  });

  it('says whose statistics it may not see', async () => {
    await scratch.dataSource.query('create index x on t (parent)');
    const look = () => examineOnly(scratch.dataSource, 'null-heavy');
    const stranger = await asStranger(scratch.dataSource, [], look);
    expect(stranger.findings).toEqual([]);
    expect(stranger.unseen).toMatchObject([{ message: expect.stringContaining('public.t are hidden') }]);
    expect(objectsOf(await asStranger(scratch.dataSource, ['select on t'], look))).toEqual(['public.x']);
  });
});
