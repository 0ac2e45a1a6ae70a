import type { DataSource } from 'typeorm';
import { type Columns, planThing } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';

const whole = { type: 'integer', nullable: true } as const;
const columns: Columns = { a: whole };
const indices = [{ name: 'things_a', columns: ['a'] }];
const things = (more = '') => `create table things (id integer primary key, a integer) ${more}`;
const PARTITIONED = `${things('partition by range (id)')}; create table things_1 partition of things for values from (0) to (10)`;

describe('an index that has another name than declared', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const readLocks = async (statement: string): Promise<string[]> => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query(statement);
      const rows: { lock: string }[] = await runner.query(
        `select 'public.' || c.relname || ' ' || l.mode as lock
         from pg_locks l
         join pg_class c on c.oid = l.relation
         where l.pid = pg_backend_pid() and c.relnamespace = 'public'::regnamespace`,
      );
      return rows.map(({ lock }) => lock);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };

  it.each([
    ['a table', things()],
    ['a partitioned table', PARTITIONED],
  ])('of %s is renamed under the lock that the plan names, with no hazard', async (_, sql) => {
    const { steps, refused } = await planThing(
      scratch,
      `${sql}; create index made_by_hand on things (a)`,
      columns,
      { indices } as never,
    );
    expect(refused).toEqual([]);
    expect(steps).toMatchObject([
      {
        kind: 'rename index',
        object: 'things_a',
        locks: [{ relation: 'public.made_by_hand', mode: 'ShareUpdateExclusiveLock', held: 'an instant' }],
        transaction: 'own',
        rewrites: false,
        scans: false,
      },
    ]);
    // The name under which it is seen is the new one by then.
    const locks = await readLocks(steps[0]?.statements[0] ?? '');
    expect(locks).toEqual(['public.things_a ShareUpdateExclusiveLock']);
  });

  it('is renamed though a foreign key refers to it, for which it could not be dropped', async () => {
    const sql = `${things()}; create unique index made_by_hand on things (a);
      create table others (a integer references things (a))`;
    const { steps, refused } = await planThing(scratch, sql, columns, {
      indices: [{ ...indices[0], unique: true }],
    } as never);
    expect(refused).toEqual([]);
    expect(steps.map(({ kind }) => kind)).toEqual(['rename index']);
    await dataSource.query(steps[0]?.statements[0] ?? '');
    await expect(dataSource.query('drop index things_a')).rejects.toThrow('other objects depend on it');
  });

  describe('because its column gets another name', () => {
    const renamed: Columns = { fresh: whole, b: whole };
    const table = 'create table things (id integer primary key, a integer, b integer)';
    const readFiles = async () =>
      dataSource.query(
        `select pg_relation_filenode(indexrelid) as file from pg_index
         where indrelid = 'things'::regclass and not indisprimary order by 1`,
      );

    it('is carried along by the server, and nothing is built or dropped', async () => {
      const sql = `${table}; create index kept on things (b, a) where a > 5; create unique index other on things (a, b)`;
      const { steps } = await planThing(scratch, sql, renamed, {
        allow: ['rename-column'],
        indices: [
          { name: 'other', columns: ['fresh', 'b'], unique: true },
          { name: 'kept', columns: ['b', 'fresh'], where: '"fresh" > 5' },
        ],
      } as never);
      expect(steps.map(({ kind, object }) => `${kind} ${object}`)).toEqual(['rename column things.a']);
    });

    it('gets the name that TypeORM makes of the column', async () => {
      const before = await scratch.open({ entities: [] });
      const nameOf = (column: string) => before.namingStrategy.indexName('things', [column, 'b'], '"b" > 5');
      const sql = `${table}; create index "${nameOf('a')}" on things (a, b) where b > 5`;
      const { steps, refused } = await planThing(scratch, sql, renamed, {
        allow: ['rename-column'],
        indices: [{ columns: ['fresh', 'b'], where: '"b" > 5' }],
      } as never);
      expect(refused).toEqual([]);
      expect(steps.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
        'rename column things.a',
        `rename index ${nameOf('fresh')}`,
      ]);
      const files = await readFiles();
      for (const { statements } of steps)
        for (const statement of statements) await dataSource.query(statement);
      expect(await readFiles()).toEqual(files);
    });
  });

  it('is built, and the other one dropped, where the two differ', async () => {
    const { steps } = await planThing(
      scratch,
      `${things()}; create index made_by_hand on things (a desc)`,
      columns,
      {
        indices,
      } as never,
    );
    expect(steps.map(({ kind }) => kind)).toEqual(['build index', 'drop index']);
  });
});
