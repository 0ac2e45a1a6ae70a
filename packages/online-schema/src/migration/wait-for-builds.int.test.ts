import { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { readTable } from '../catalog/read-table';
import { migrate } from '../run/migrate';
import { openScratch, type Scratch } from '../test/scratch';
import { ensureIndex } from './ensure-index';
import { attachRun } from './run-context';
import { listenToSteps } from './steps';
import { waitForBuilds } from './wait-for-builds';

const INDEX = { table: 'people', name: 'idx_people_email', keys: ['"email"'] };
const BUILD = 'create index concurrently idx_people_email on people (email)';

describe('a build that another session has begun', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let writer: QueryRunner;
  let steps: string[];

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    writer = scratch.dataSource.createQueryRunner();
    steps = [];
    listenToSteps(runner, ({ action }) => steps.push(action));
    await runner.query('create table people (id integer, email text)');
    await runner.query(`insert into people select n, repeat('x', 1000) || n from generate_series(1, 1000) n`);
  });

  afterEach(async () => {
    await runner.release();
    await writer.release();
    await scratch.close();
  });

  const indexes = () =>
    runner.query(`select indexrelid as oid, indisvalid as valid from pg_index
                  where indrelid = 'people'::regclass`);

  /** Starts the statement in a session whose client then dies, while a writer keeps it in its first phase. */
  const orphan = async (statement: string, { locked }: { locked: boolean }) => {
    await writer.startTransaction();
    await writer.query('insert into people values (0)');
    const client = new Client(scratch.url);
    client.on('error', () => undefined);
    await client.connect();
    if (locked) await client.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
    const build = client.query(statement).catch(() => undefined);
    await waitFor(
      async () =>
        (
          await runner.query(
            `select 1 from pg_stat_progress_create_index where phase = 'waiting for writers before build'`,
          )
        ).length > 0,
    );
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await build;
  };
  const letGo = (after: number) => setTimeout(() => void writer.commitTransaction(), after);

  it.each([
    ['by a runner that was killed', { locked: true }],
    ['by hand', { locked: false }],
  ])('%s is waited for, and its index kept', async (_, how) => {
    await orphan(BUILD, how);
    const [begun] = await indexes();
    expect(begun).toMatchObject({ valid: false });
    letGo(800);
    await ensureIndex(runner, INDEX);
    expect(await indexes()).toEqual([{ ...begun, valid: true }]);
    expect(steps).toEqual(['keep index']);
  });

  it('is waited for before another index of the table is built, which would end in a deadlock', async () => {
    await orphan('create index concurrently idx_people_id on people (id)', { locked: false });
    letGo(800);
    await ensureIndex(runner, INDEX);
    expect(await indexes()).toMatchObject([{ valid: true }, { valid: true }]);
  });

  it('counts as under way until its result is committed, though its lock is gone', async () => {
    await runner.query('create index idx_people_email on people (email)');
    await runner.query(`update pg_index set indisvalid = false where indrelid = 'people'::regclass`);
    const [before] = await indexes();
    // What CREATE INDEX CONCURRENTLY does last.
    await writer.startTransaction();
    await writer.query(`update pg_index set indisvalid = true where indrelid = 'people'::regclass`);
    letGo(800);
    await ensureIndex(runner, INDEX);
    expect(await indexes()).toEqual([{ ...before, valid: true }]);
  });

  it.each([['vacuum'], ['analyze']])('is not what a long %s is taken for', async (statement) => {
    const client = new Client(scratch.url);
    await client.connect();
    try {
      await client.query('set vacuum_cost_delay = 100');
      await client.query('set vacuum_cost_limit = 1');
      const maintenance = client.query(`${statement} people`).catch(({ code }) => code);
      const mode = `mode = 'ShareUpdateExclusiveLock'`;
      await waitFor(
        async () =>
          (
            await runner.query(
              `select 1 from pg_locks l join pg_stat_progress_${statement} p using (pid)
               where l.relation = 'people'::regclass and l.${mode}`,
            )
          ).length > 0,
      );
      const table = await readTable(runner, { table: 'people' });
      if (table === undefined) throw new Error('no table');
      await waitForBuilds(runner, table);
      const cancelled = await runner.query(
        `select pg_cancel_backend(pid) from pg_stat_progress_${statement} where relid = 'people'::regclass`,
      );
      expect(cancelled).toHaveLength(1);
      expect(await maintenance).toBe('57014');
    } finally {
      await client.end();
    }
  });

  it('is waited for no longer than the signal lets it', async () => {
    await orphan(BUILD, { locked: false });
    const abort = new AbortController();
    const dataSource = await scratch.open({
      migrations: [
        class IndexPeople1700000000000 {
          readonly name = 'IndexPeople1700000000000';
          readonly transaction = false;
          async up(migrating: QueryRunner) {
            setTimeout(() => abort.abort(), 400);
            await ensureIndex(migrating, INDEX);
          }
          async down() {}
        },
      ],
    });
    await expect(migrate(dataSource, { signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(await indexes()).toMatchObject([{ valid: false }]);

    attachRun(runner, { signal: AbortSignal.abort() });
    for (const index of [INDEX, { ...INDEX, name: 'idx_people_id', keys: ['"id"'] }]) {
      await expect(ensureIndex(runner, index)).rejects.toMatchObject({ name: 'AbortError' });
    }
    await writer.commitTransaction();
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
