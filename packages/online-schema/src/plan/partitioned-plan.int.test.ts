import type { DataSource } from 'typeorm';
import { type Columns, idsOf, planThing } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';

describe('the plan of a partitioned table', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const plan = (...args: Parameters<typeof planThing> extends [unknown, ...infer Rest] ? Rest : never) =>
    planThing(scratch, ...args);
  /** What a statement holds at its end; nothing is told of one that must be outside of a transaction. */
  const runAndReadLocks = async (statement: string): Promise<string[]> => {
    const runner = dataSource.createQueryRunner();
    try {
      if (statement.includes('CONCURRENTLY')) {
        await runner.query(statement);
        return [];
      }
      await runner.startTransaction();
      await runner.query(statement);
      const rows: { lock: string }[] = await runner.query(
        `select n.nspname || '.' || c.relname || ' ' || l.mode as lock
         from pg_locks l
         join pg_class c on c.oid = l.relation
         join pg_namespace n on n.oid = c.relnamespace
         where l.pid = pg_backend_pid() and n.nspname = 'public'`,
      );
      await runner.commitTransaction();
      return rows.map(({ lock }) => lock);
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
  };
  it('refuses constraints of a partitioned table that would stop its writers', async () => {
    const result = await plan(
      `create table things (id integer not null primary key, a integer) partition by range (id);
       create table things_1 partition of things for values from (0) to (10)`,
      { a: { type: 'integer', nullable: true } },
      { uniques: [{ name: 'things_a_key', columns: ['id', 'a'] }] },
    );
    expect(idsOf(result)).toEqual(['never partitioned-constraint']);
  });

  it('plans an index of a partitioned table partition by partition', async () => {
    const sql = `create table things (id integer not null primary key, a integer) partition by range (id);
      create table things_1 partition of things for values from (0) to (10);
      create table things_2 partition of things for values from (10) to (20);`;
    const indices = [{ name: 'things_a', columns: ['a'] }];
    const columns: Columns = { a: { type: 'integer', nullable: true } };
    const { steps } = await plan(sql, columns, { indices } as never);
    expect(steps).toMatchObject([
      {
        kind: 'build index',
        locks: [
          { relation: 'public.things', mode: 'ShareLock', held: 'an instant', blocks: 'writers' },
          { relation: 'public.things_1', mode: 'ShareUpdateExclusiveLock', held: 'a build' },
          { relation: 'public.things_2', mode: 'ShareUpdateExclusiveLock', held: 'a build' },
          { relation: expect.stringContaining('things_1'), mode: 'AccessExclusiveLock', held: 'an instant' },
          { relation: expect.stringContaining('things_2'), mode: 'AccessExclusiveLock', held: 'an instant' },
        ],
      },
    ]);
    for (const statement of steps[0]?.statements ?? []) await dataSource.query(statement);
    expect(
      await dataSource.query(
        `select indisvalid as valid from pg_index where indexrelid = 'things_a'::regclass`,
      ),
    ).toEqual([{ valid: true }]);
    const dropped = await plan(`${sql} create index things_a on things (a)`, columns);
    const [step] = dropped.steps;
    expect(step?.statements).toEqual(['DROP INDEX "public"."things_a"']);
    const locks = await runAndReadLocks(step?.statements[0] ?? '');
    expect(step?.locks).toHaveLength(3);
    for (const { relation, mode } of step?.locks ?? []) expect(locks).toContain(`${relation} ${mode}`);
  });
});
