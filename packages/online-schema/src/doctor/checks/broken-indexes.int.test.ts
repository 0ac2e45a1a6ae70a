import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

/** Lets a build or rebuild wait for an old snapshot until its short lock timeout ends it: what lock_timeout does to CONCURRENTLY. */
async function interrupt(scratch: Scratch, statement: string): Promise<void> {
  const reader = scratch.dataSource.createQueryRunner();
  const builder = scratch.dataSource.createQueryRunner();
  try {
    await reader.startTransaction('REPEATABLE READ');
    await reader.query('select from unrelated');
    await builder.query(`set lock_timeout = '200ms'`);
    await expect(builder.query(statement)).rejects.toThrow('lock timeout');
  } finally {
    await reader.rollbackTransaction();
    await builder.query('reset lock_timeout');
    await reader.release();
    await builder.release();
  }
}

describe('indexes that no query may use', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table unrelated ()');
    await scratch.dataSource.query('create table t (id integer primary key, a integer, big text)');
    await scratch.dataSource.query(`insert into t select n, n from generate_series(1, 100) as n`);
  });

  afterEach(() => scratch.close());

  const objects = async (check: 'invalid-index' | 'not-ready-index' | 'rebuild-remains') =>
    objectsOf(await examineOnly(scratch.dataSource, check));

  it('reports an index whose build was cancelled late, and which refuses rows all the same', async () => {
    await interrupt(scratch, 'create unique index concurrently x on t (a)');
    await expect(scratch.dataSource.query('insert into t values (101, 1)')).rejects.toThrow('"x"');
    const report = await examineOnly(scratch.dataSource, 'invalid-index');
    expect(report.findings).toMatchObject([
      { object: 'public.x', severity: 'critical', figures: { unique: true } },
    ]);
    expect(await objects('not-ready-index')).toEqual([]);
    expect(await objects('rebuild-remains')).toEqual([]);
    for (const statement of report.findings[0]?.mend ?? []) await scratch.dataSource.query(statement);
    expect(await objects('invalid-index')).toEqual([]);
    expect(await objects('rebuild-remains')).toEqual([]);
  });

  it('tells from it an index whose build ended early, and which refuses nothing', async () => {
    await scratch.dataSource.query('insert into t values (101, 1)');
    const build = scratch.dataSource.query('create unique index concurrently x on t (a)');
    await expect(build).rejects.toThrow('could not create unique index');
    await expect(scratch.dataSource.query('insert into t values (102, 1)')).resolves.toBeDefined();
    expect(await objects('invalid-index')).toEqual([]);
    const report = await examineOnly(scratch.dataSource, 'not-ready-index');
    expect(objectsOf(report)).toEqual(['public.x']);
    await scratch.dataSource.query('delete from t where id > 100');
    for (const statement of report.findings[0]?.mend ?? []) await scratch.dataSource.query(statement);
    expect(await objects('not-ready-index')).toEqual([]);
  });

  it('reports what an interrupted REINDEX CONCURRENTLY leaves, under the name of the table people know', async () => {
    await interrupt(scratch, 'reindex table concurrently t');
    const report = await examineOnly(scratch.dataSource, 'rebuild-remains');
    expect(objectsOf(report)).toEqual([
      expect.stringMatching(/^pg_toast\.pg_toast_\d+_index_ccnew$/),
      'public.t_pkey_ccnew',
    ]);
    expect(report.findings.map(({ subject }) => subject.table)).toEqual(['t', 't']);
    expect(await objects('invalid-index')).toEqual([]);
    for (const statement of report.findings.flatMap(({ mend }) => mend))
      await scratch.dataSource.query(statement);
    expect(await objects('rebuild-remains')).toEqual([]);
  });

  it('does not report a valid index that is called like remains', async () => {
    await scratch.dataSource.query('create index x_ccnew on t (a)');
    expect(await objects('rebuild-remains')).toEqual([]);
  });

  it('reports a parent index that lacks a partition, and not as costing writes', async () => {
    await scratch.dataSource.query('create table p (a integer) partition by list (a)');
    await scratch.dataSource.query('create table p1 partition of p for values in (1)');
    await scratch.dataSource.query('create index p_a on only p (a)');
    const report = await examineOnly(scratch.dataSource, 'invalid-index');
    expect(report.findings).toMatchObject([{ object: 'public.p_a', severity: 'warning', mend: [] }]);
    await scratch.dataSource.query('create index p1_a on p1 (a)');
    await scratch.dataSource.query('alter index p_a attach partition p1_a');
    expect(await objects('invalid-index')).toEqual([]);
  });

  it('does not report an index that an open transaction changes at this moment', async () => {
    await scratch.dataSource.query('create index x on t (a)');
    const flag = (valid: boolean) =>
      `update pg_index set indisvalid = ${valid} where indexrelid = 'x'::regclass`;
    await scratch.dataSource.query(flag(false));
    const changer = scratch.dataSource.createQueryRunner();
    try {
      await changer.startTransaction();
      await changer.query(flag(true));
      const report = await examineOnly(scratch.dataSource, 'invalid-index');
      expect(report).toMatchObject({ findings: [], unseen: [{ check: 'invalid-index' }] });
      await changer.rollbackTransaction();
    } finally {
      if (changer.isTransactionActive) await changer.rollbackTransaction();
      await changer.release();
    }
    expect(await objects('invalid-index')).toEqual(['public.x']);
  });

  it('does not report an index that is being built, and says so', async () => {
    const reader = scratch.dataSource.createQueryRunner();
    const builder = scratch.dataSource.createQueryRunner();
    try {
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select from unrelated');
      const built = builder.query('create index concurrently x on t (a)');
      const isReady = async () => {
        const rows: unknown[] = await scratch.dataSource.query(
          `select from pg_index x join pg_class i on i.oid = x.indexrelid where i.relname = 'x' and x.indisready`,
        );
        return rows.length > 0;
      };
      while (!(await isReady()));
      const report = await examineOnly(scratch.dataSource, 'invalid-index');
      expect(report.findings).toEqual([]);
      expect(report.unseen).toMatchObject([
        { message: expect.stringContaining('public.x is not valid, but') },
      ]);
      await reader.rollbackTransaction();
      await built;
      const after = await examineOnly(scratch.dataSource, 'invalid-index');
      expect(after).toMatchObject({ findings: [], unseen: [] });
    } finally {
      if (reader.isTransactionActive) await reader.rollbackTransaction();
      await reader.release();
      await builder.release();
    }
  });
});
