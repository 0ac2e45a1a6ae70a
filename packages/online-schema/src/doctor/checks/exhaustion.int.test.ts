import { asStranger } from '../../test/as-stranger';
import { beforeStatements } from '../../test/before-statements';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

const LARGEST_INTEGER = 2 ** 31 - 1;

describe('numbers that run out', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch({ poolSize: 1 });
  });

  afterEach(() => scratch.close());

  const look = (check: 'sequence-exhaustion' | 'integer-exhaustion', ...statements: string[]) =>
    examineOnly(scratch.dataSource, check, statements);
  const both = async (...statements: string[]) => ({
    sequences: objectsOf(await look('sequence-exhaustion', ...statements)),
    columns: objectsOf(await look('integer-exhaustion')),
  });
  const near = (sequence: string, value = 2_000_000_000) => `select setval('${sequence}', ${value})`;

  describe('sequence-exhaustion', () => {
    it('reports a sequence near its end, which a wider column does not help', async () => {
      const report = await look(
        'sequence-exhaustion',
        'create table t (id serial primary key)',
        'alter table t alter id type bigint',
        near('t_id_seq', LARGEST_INTEGER),
      );
      expect(report.findings).toMatchObject([
        {
          object: 'public.t_id_seq',
          severity: 'critical',
          subject: { table: 't', index: 't_id_seq' },
          figures: { used: 1, left: 0, end: LARGEST_INTEGER },
        },
      ]);
      const insert = () => scratch.dataSource.query('insert into t default values');
      await expect(insert()).rejects.toThrow('reached maximum value');
      for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
      await insert();
      expect(await both()).toEqual({ sequences: [], columns: [] });
    });

    it.each<[string, string[], unknown]>([
      ['alone', ['create sequence s as smallint', near('s', 30_000)], { severity: 'critical' }],
      [
        'at three quarters',
        ['create sequence s maxvalue 100', near('s', 75)],
        { severity: 'warning', figures: { left: 25 } },
      ],
      [
        'going down',
        ['create sequence s increment -2 minvalue -100', near('s', -90)],
        { figures: { left: 5 }, mend: [] },
      ],
      [
        'of an identity',
        [
          'create table t (id bigint generated always as identity (sequence name s maxvalue 1000))',
          near('s', 950),
        ],
        { subject: { table: 't' }, mend: ['ALTER SEQUENCE "public"."s" NO MAXVALUE'] },
      ],
      [
        'in a default',
        ['create sequence s as integer', `create table t (id bigint default nextval('s'))`, near('s')],
        { subject: { table: 't', index: 's' }, mend: ['ALTER SEQUENCE "public"."s" AS bigint'] },
      ],
    ])('reports a sequence %s', async (_, statements, finding) => {
      const report = await look('sequence-exhaustion', ...statements);
      expect(report.findings).toMatchObject([{ object: 'public.s', ...(finding as object) }]);
      for (const mend of report.findings[0]?.mend ?? []) {
        await scratch.dataSource.query(mend);
        expect(objectsOf(await look('sequence-exhaustion'))).toEqual([]);
      }
    });

    it.each<[string, string[]]>([
      ['half of which is used', ['create sequence s as integer', near('s', 1_200_000_000)]],
      ['that was never used', ['create sequence s maxvalue 100 start 99']],
      ['that begins again', ['create sequence s maxvalue 100 cycle', near('s', 99)]],
      ['that is large, far from its end', ['create sequence s', near('s')]],
    ])('does not report a sequence %s', async (_, statements) => {
      expect(await look('sequence-exhaustion', ...statements)).toMatchObject({ findings: [], unseen: [] });
    });
  });

  describe('integer-exhaustion', () => {
    it('reports a column that ends before its sequence', async () => {
      const report = await look(
        'integer-exhaustion',
        'create sequence s',
        `create table t (id integer primary key default nextval('s'))`,
        near('s', LARGEST_INTEGER),
      );
      expect(report.findings).toMatchObject([
        {
          object: 'public.t.id',
          severity: 'critical',
          subject: { columns: ['id'] },
          figures: { left: 0 },
        },
      ]);
      await expect(scratch.dataSource.query('insert into t default values')).rejects.toThrow(
        'integer out of range',
      );
      expect(objectsOf(await look('sequence-exhaustion'))).toEqual([]);
    });

    it.each<[string, string[], unknown]>([
      ['a serial column', ['create table t (id serial)', near('t_id_seq')], { severity: 'critical' }],
      [
        'an identity',
        ['create table t (id integer generated always as identity)', near('t_id_seq', 1_600_000_000)],
        { severity: 'warning' },
      ],
      [
        'a smallint',
        ['create table t (id smallserial)', near('t_id_seq', 30_000)],
        { figures: { type: 'smallint' } },
      ],
      [
        'an identity that goes down',
        [
          'create table t (id integer generated always as identity (increment -1))',
          near('t_id_seq', -2_000_000_000),
        ],
        { severity: 'critical' },
      ],
      [
        'a partitioned table, once',
        [
          'create table t (id serial) partition by range (id)',
          'create table t1 partition of t for values from (0) to (10)',
          near('t_id_seq'),
        ],
        {},
      ],
      [
        'a reference to a wider column',
        [
          'create table parent (id bigint generated always as identity primary key)',
          'create table t (id integer references parent)',
          near('parent_id_seq'),
        ],
        { subject: { table: 't' } },
      ],
      [
        'a key that the application counts up',
        ['create table t (id integer primary key)', 'insert into t values (7), (2000000000)'],
        { severity: 'critical' },
      ],
    ])('reports %s', async (_, statements, finding) => {
      const report = await look('integer-exhaustion', ...statements);
      expect(report).toMatchObject({
        findings: [{ object: 'public.t.id', ...(finding as object) }],
        unseen: [],
      });
      expect(report.findings).toHaveLength(1);
      expect(objectsOf(await look('sequence-exhaustion'))).toEqual([]);
    });

    it.each<[string, string[]]>([
      ['half of which is used', ['create table t (id serial)', near('t_id_seq', 1_200_000_000)]],
      ['that is a bigint', ['create table t (id bigserial)', near('t_id_seq')]],
      [
        'that refers to one as narrow, which is reported itself',
        [
          'create table parent (id integer primary key)',
          'create table t (id integer references parent)',
          'insert into parent values (5)',
        ],
      ],
      [
        'that is no key',
        [
          'create table t (amount integer)',
          'insert into t values (2000000000)',
          'create index on t (amount)',
        ],
      ],
      ['that is empty', ['create table t (id integer primary key)']],
      [
        'whose sequence begins again in time',
        ['create table t (id integer generated always as identity (cycle))', near('t_id_seq')],
      ],
    ])('does not report a column %s', async (_, statements) => {
      expect(await look('integer-exhaustion', ...statements)).toMatchObject({ findings: [], unseen: [] });
    });
  });

  it('says what it may not see', async () => {
    for (const statement of [
      'create table t (id serial)',
      'create table u (id integer primary key)',
      'insert into u values (2000000000)',
      near('t_id_seq'),
      'create sequence s as integer',
      near('s'),
    ])
      await scratch.dataSource.query(statement);
    const stranger = await asStranger(scratch.dataSource, [], () => look('integer-exhaustion'));
    expect(stranger).toMatchObject({
      findings: [],
      unseen: [
        { message: 'How far public.t_id_seq has come takes SELECT or USAGE on the sequence.' },
        { message: expect.stringContaining('public.u.id') },
      ],
    });
    const other = await asStranger(scratch.dataSource, [], () => look('sequence-exhaustion'));
    expect(other).toMatchObject({
      findings: [],
      unseen: [{ message: expect.stringContaining('How far public.s has') }],
    });
  });

  it('lets a busy table be, and keeps no lock on another while it waits for that', async () => {
    for (const statement of [
      'create table a (id integer primary key)',
      'create table b (id integer primary key)',
      'insert into b values (2000000000)',
    ])
      await scratch.dataSource.query(statement);
    const locksBefore: Record<string, unknown>[][] = [];
    const locks = `select relation::regclass::text as name from pg_locks
      where pid = pg_backend_pid() and relation in ('a'::regclass, 'b'::regclass)`;
    const listened = beforeStatements(scratch.dataSource, async (sql, query) => {
      if (sql.includes('max("id")')) locksBefore.push(await query(locks));
    });
    const another = await scratch.open();
    const holder = another.createQueryRunner();
    try {
      await holder.startTransaction();
      await holder.query('lock table b in access exclusive mode');
      const report = await examineOnly(listened, 'integer-exhaustion');
      expect(locksBefore).toEqual([[], []]);
      expect(report.findings).toEqual([]);
      expect(report.unseen).toMatchObject([{ message: expect.stringContaining('public.b.id') }]);
      expect(report.unseen[0]?.message).not.toContain('public.a.id');
      // The control: what is asked without giving the lock back keeps it.
      await holder.query('select max(id) from a');
      expect(await holder.query(locks)).toContainEqual({ name: 'a' });
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
    }
    expect(objectsOf(await look('integer-exhaustion'))).toEqual(['public.b.id']);
  });
});
