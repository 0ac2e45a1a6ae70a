import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityTarget, QueryRunner } from 'typeorm';
import { libraryAfter, libraryBefore, libraryHazards, libraryRows } from '../test/library.entities';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';
import type { PlanStep } from './plan-step';

type Locks = Record<string, string>;

const ORDER = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

describe('what a plan claims of its steps', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  let after: DataSource;

  const create = async () => {
    const before = await scratch.open({ entities: libraryBefore as EntityTarget<object>[] as never });
    for (const statement of ['drop schema public cascade', 'create schema public'])
      await before.query(statement);
    const runner = before.createQueryRunner();
    for (const { statements } of (await planChanges(before)).steps) {
      for (const statement of statements) await runner.query(statement);
    }
    await runner.release();
    for (const statement of libraryRows) await before.query(statement);
  };

  beforeAll(async () => {
    scratch = await openScratch({ entities: libraryAfter as never });
    dataSource = await scratch.open({ entities: [] });
    after = scratch.dataSource;
    await create();
  });
  afterAll(() => scratch.close());

  const plan = () => planChanges(after, { allow: libraryHazards });

  /** The strongest lock that the session holds on each table and index. */
  const readLocks = async (pid: number): Promise<Locks> => {
    const rows: { relation: string; mode: string }[] = await dataSource.query(
      `select n.nspname || '.' || c.relname as relation, l.mode
       from pg_locks l
       join pg_class c on c.oid = l.relation
       join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
       where l.pid = $1 and l.granted and l.database = (select oid from pg_database where datname = current_database())`,
      [pid],
    );
    const locks: Locks = {};
    for (const { relation, mode } of rows) {
      if (ORDER.indexOf(mode) > ORDER.indexOf(locks[relation] ?? '')) locks[relation] = mode;
    }
    return locks;
  };

  /** Whether somebody who only wants to read, or to write, waits behind what is going on. */
  const isBlocked = async (relation: string, mode: 'ACCESS SHARE' | 'ROW EXCLUSIVE'): Promise<boolean> => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query(`lock table ${relation} in ${mode} mode nowait`);
      return false;
    } catch (error) {
      expect(error).toMatchObject({ driverError: { code: '55P03' } });
      return true;
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };

  const expectLocks = async (
    { locks }: Pick<PlanStep, 'locks'>,
    held: Locks,
    tables: ReadonlySet<string>,
  ) => {
    for (const { relation, mode, blocks } of locks) {
      expect([relation, held[relation]]).toEqual([relation, mode]);
      if (!tables.has(relation)) continue;
      expect([relation, await isBlocked(relation, 'ROW EXCLUSIVE')]).toEqual([
        relation,
        blocks.includes('writers'),
      ]);
      expect([relation, await isBlocked(relation, 'ACCESS SHARE')]).toEqual([
        relation,
        blocks.includes('readers'),
      ]);
    }
    // Nor does it take one that is not claimed and that anybody would notice.
    const unclaimed = Object.entries(held).filter(
      ([relation, mode]) =>
        tables.has(relation) &&
        // Made by the plan, in the transaction in which it is locked.
        relation !== 'public.reviews' &&
        ORDER.indexOf(mode) >= ORDER.indexOf('ShareUpdateExclusiveLock') &&
        !locks.some((lock) => lock.relation === relation),
    );
    expect(unclaimed).toEqual([]);
  };

  const readTables = async (): Promise<Map<string, { file: string; scans: number }>> => {
    const rows: { name: string; file: string; scans: number }[] = await dataSource.query(
      `select 'public.' || relname as name, pg_relation_filenode(oid)::text as file, 0 as scans
       from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    return new Map(rows.map(({ name, ...rest }) => [name, rest]));
  };

  /** In a transaction that stays open while it is looked at. */
  const check = async (step: PlanStep): Promise<void> => {
    const before = await readTables();
    const runner = dataSource.createQueryRunner();
    const pid = await pidOf(runner);
    await runner.startTransaction();
    try {
      const scansBefore = await readScans(runner);
      for (const statement of step.statements) await runner.query(statement);
      await expectLocks(step, await readLocks(pid), new Set(before.keys()));
      const scans = await readScans(runner);
      for (const { relation } of step.locks) {
        if (!before.has(relation)) continue;
        const files: { file: string }[] = await runner.query(
          'select pg_relation_filenode($1::regclass)::text as file',
          [relation],
        );
        expect([relation, files[0]?.file !== before.get(relation)?.file]).toEqual([relation, step.rewrites]);
      }
      // Of a foreign key the server reads through a query, of a rewrite by writing.
      const [main] = step.locks;
      if (main !== undefined && before.has(main.relation) && !step.rewrites) {
        const read = (scans.get(main.relation) ?? 0) - (scansBefore.get(main.relation) ?? 0);
        expect([main.relation, read > 0]).toEqual([main.relation, step.scans]);
      }
      await runner.commitTransaction();
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
  };

  /** While it waits for a transaction that is older than it, as every CONCURRENTLY does. */
  const checkConcurrent = async (step: PlanStep): Promise<void> => {
    const [lock] = step.locks;
    const tables = new Set((await readTables()).keys());
    const reader = dataSource.createQueryRunner();
    const runner = dataSource.createQueryRunner();
    try {
      await reader.startTransaction();
      // A writer of the table, too, since a drop waits for nobody who has only a snapshot.
      await reader.query(`lock table ${lock?.relation} in row exclusive mode`);
      const pid = await pidOf(runner);
      const done = runner.query(step.statements.join(';'));
      let held: Locks = {};
      while (held[lock?.relation ?? ''] === undefined || !(await isWaiting(pid))) {
        await sleep(10);
        held = await readLocks(pid);
      }
      await expectLocks(step, held, tables);
      await reader.commitTransaction();
      await done;
    } finally {
      if (reader.isTransactionActive) await reader.rollbackTransaction();
      await reader.release();
      await runner.release();
    }
  };

  const isWaiting = async (pid: number): Promise<boolean> =>
    (await dataSource.query(`select 1 from pg_locks where pid = $1 and not granted`, [pid])).length > 0;

  it('holds on the server: locks, whom they block, scans and rewrites of every step, to the declared schema', async () => {
    const { steps, refused } = await plan();
    expect(refused).toEqual([]);
    for (const step of steps) {
      try {
        const isConcurrent = step.transaction === 'none' && /index/.test(step.kind);
        await (isConcurrent ? checkConcurrent(step) : check(step));
      } catch (error) {
        throw new Error(`step ${step.kind} ${step.object}: ${step.statements.join('; ')}`, { cause: error });
      }
    }
    expect(await plan()).toEqual({ steps: [], refused: [] });
    expect(new Set(steps.map(({ kind }) => kind))).toEqual(
      new Set([
        'create table',
        'add column',
        'drop column',
        'rename column',
        'change type',
        'change column',
        'add enum value',
        'add constraint',
        'validate constraint',
        'replace constraint',
        'drop constraint',
        'set not null',
        'drop not null',
        'backfill',
        'build index',
        'swap index',
        'drop index',
      ]),
    );
  });

  it.each([
    ['SET NOT NULL', 'alter table books alter column pages set not null', 'readers and writers'],
    ['a foreign key', 'alter table books add foreign key (id) references authors (id)', 'writers'],
    ['a check', 'alter table books add check (id > 0)', 'readers and writers'],
    ['a unique constraint', 'alter table books add unique (id)', 'readers and writers'],
    [
      'a volatile default',
      'alter table books add other uuid not null default gen_random_uuid()',
      'readers and writers',
    ],
    [
      'an enum moved to another type',
      `alter table authors alter column mood drop default, alter column mood type text`,
      'readers and writers',
    ],
  ])(
    'is not what the plain statement does: %s blocks for a scan or rewrite',
    async (_, statement, blocks) => {
      await create();
      const relation = statement.includes('table books') ? 'public.books' : 'public.authors';
      const before = (await readTables()).get(relation)?.file;
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      try {
        const scans = await readScans(runner);
        await runner.query(statement);
        expect(await isBlocked(relation, 'ROW EXCLUSIVE')).toBe(true);
        expect(await isBlocked(relation, 'ACCESS SHARE')).toBe(blocks.includes('readers'));
        const files: { file: string }[] = await runner.query(
          'select pg_relation_filenode($1::regclass)::text as file',
          [relation],
        );
        const isRead = (await readScans(runner)).get(relation) !== scans.get(relation);
        expect(isRead || files[0]?.file !== before).toBe(true);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    },
  );
});

async function pidOf(runner: QueryRunner): Promise<number> {
  const rows: { pid: number }[] = await runner.query('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/** Sequential scans of each table in the transaction. */
async function readScans(runner: QueryRunner): Promise<Map<string, number>> {
  const rows: { name: string; scans: string }[] = await runner.query(
    `select schemaname || '.' || relname as name, seq_scan as scans from pg_stat_xact_user_tables`,
  );
  return new Map(rows.map(({ name, scans }) => [name, Number(scans)]));
}
