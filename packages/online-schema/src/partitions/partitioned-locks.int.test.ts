import { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { readTable } from '../catalog/read-table';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { attachRun } from '../migration/run-context';
import type { RunEvent } from '../run/run-event';
import { openScratch, type Scratch } from '../test/scratch';
import { createVisits, readTree } from '../test/visits';
import { waitFor } from '../test/wait-for';
import { lockTables } from './lock-tables';

const PAGE = { table: 'visits', name: 'idx_visits_page', keys: ['"page"'] };
const LOCK_TIMEOUT_MS = 100;

/** A writer that never waits for a lock for longer than this, far beyond what ours may take of it, fails. */
const PATIENCE = '2s';

describe('whoever uses a partitioned table', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let events: RunEvent[];

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    events = [];
    attachRun(runner, { lockTimeoutMs: LOCK_TIMEOUT_MS, report: (event) => events.push(event) });
    await createVisits(runner);
  });

  afterEach(async () => {
    await runner.release();
    await scratch.close();
  });

  /** Runs the work beside writers and readers that come again and again; resolves to what they failed with. */
  const besideWriters = async (
    work: () => Promise<void>,
  ): Promise<{ failures: unknown[]; turns: number }> => {
    const failures: unknown[] = [];
    let turns = 0;
    let over = false;
    const visit = async (statement: string) => {
      const client = new Client(scratch.url);
      await client.connect();
      try {
        await client.query(`set lock_timeout = '${PATIENCE}'`);
        while (!over) {
          await client.query(statement).catch((error: unknown) => failures.push(error));
          turns++;
        }
      } finally {
        await client.end();
      }
    };
    const visitors = [
      visit(
        `insert into visits select n % 5, '2020-01-01'::date + n * 200, 'new' from generate_series(0, 4) n`,
      ),
      visit(`insert into visits_2021 values (1, '2021-05-05', 'new')`),
      visit(`update visits set page = 'other' where id = 1 and at = '2020-01-07'`),
      visit(`select count(*) from visits where page = 'page 7'`),
    ];
    try {
      await work();
    } finally {
      over = true;
      await Promise.all(visitors);
    }
    return { failures, turns };
  };

  /** Keeps a transaction open that has read one partition, until the condition holds. */
  const whileIdleReader = async (until: () => boolean, work: () => Promise<void>): Promise<void> => {
    const reader = scratch.dataSource.createQueryRunner();
    try {
      await reader.startTransaction();
      await reader.query('select count(*) from visits_2021_b');
      const working = work();
      await Promise.race([waitFor(until), working]);
      await reader.rollbackTransaction();
      await working;
    } finally {
      await reader.release();
    }
  };

  const timeouts = () => events.filter(({ type }) => type === 'lock-timeout').length;

  it('is stopped by a plain CREATE INDEX on it for the whole build', async () => {
    const writer = scratch.dataSource.createQueryRunner();
    try {
      await writer.query(`set lock_timeout = '200ms'`);
      await runner.startTransaction();
      await runner.query('create index idx_visits_page on visits (page)');
      await expect(writer.query(`insert into visits values (1, '2020-01-01')`)).rejects.toMatchObject({
        driverError: { code: '55P03' },
      });
      await runner.rollbackTransaction();
    } finally {
      await writer.query('reset lock_timeout');
      await writer.release();
    }
  });

  it('goes on while an index is built, replaced and dropped', async () => {
    const { failures, turns } = await besideWriters(async () => {
      await ensureIndex(runner, PAGE);
      await ensureIndex(runner, { ...PAGE, keys: ['"page" DESC'] });
      await dropIndex(runner, PAGE);
    });
    expect(failures).toEqual([]);
    expect(turns).toBeGreaterThan(50);
    expect(await readTree(runner)).toEqual([]);
  });

  it('waits behind a plain DROP INDEX for as long as somebody else reads', async () => {
    await runner.query('create index idx_visits_page on visits (page)');
    let failed = false;
    await whileIdleReader(
      () => failed,
      async () => {
        const dropping = scratch.dataSource.query('drop index idx_visits_page');
        const reading = scratch.dataSource.createQueryRunner();
        try {
          await waitFor(async () => (await waitingFor('drop index')).length > 0);
          await reading.query(`set lock_timeout = '500ms'`);
          await expect(reading.query('select count(*) from visits')).rejects.toMatchObject({
            driverError: { code: '55P03' },
          });
        } finally {
          failed = true;
          await reading.query('reset lock_timeout');
          await reading.release();
        }
        await dropping;
      },
    );
  });

  it('goes on while a drop tries again and again to pass somebody who reads', async () => {
    await runner.query('create index idx_visits_page on visits (page)');
    let result: { failures: unknown[]; turns: number } | undefined;
    await whileIdleReader(
      () => timeouts() >= 3,
      async () => {
        result = await besideWriters(() => dropIndex(runner, PAGE));
      },
    );
    expect(result?.failures).toEqual([]);
    expect(timeouts()).toBeGreaterThanOrEqual(3);
    expect(await readTree(runner)).toEqual([]);
    expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: '0' }]);
  });

  it('waits for all locks together no longer than for one, as it would behind a plain DROP INDEX', async () => {
    await runner.query('create index idx_visits_page on visits (page)');
    await runner.query(`set lock_timeout = '2s'`);
    const table = await readTable(runner, { table: 'visits' });
    if (table === undefined) throw new Error('no table');

    await runner.startTransaction();
    await lettingGo(['visits_2020', 'visits_2022'], 1_200, () => runner.query('drop index idx_visits_page'));
    await runner.rollbackTransaction();

    await runner.startTransaction();
    const locked = lettingGo(['visits_2020', 'visits_2022'], 1_200, () => lockTables(runner, table));
    await expect(locked).rejects.toMatchObject({ driverError: { code: '55P03' } });
    await runner.rollbackTransaction();

    await runner.startTransaction();
    await lettingGo(['visits_2020'], 1_200, () => lockTables(runner, table));
    expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: '2s' }]);
    const held: { name: string }[] = await runner.query(
      `select relation::regclass::text as name from pg_locks
       where pid = pg_backend_pid() and mode = 'AccessExclusiveLock' and locktype = 'relation' order by 1`,
    );
    await runner.rollbackTransaction();
    expect(held.map(({ name }) => name)).toEqual([
      'visits',
      'visits_2020',
      'visits_2021',
      'visits_2021_a',
      'visits_2021_b',
      'visits_2022',
    ]);
  });

  const waitingFor = (statement: string): Promise<unknown[]> =>
    scratch.dataSource.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
      [`${statement}%`],
    );

  /** Runs the work while each of the tables is read by a session that ends so long after it is waited for. */
  const lettingGo = async (
    tables: readonly string[],
    afterMs: number,
    work: () => Promise<unknown>,
  ): Promise<void> => {
    const ended: Promise<void>[] = [];
    const [{ pid }] = await runner.query('select pg_backend_pid() as pid');
    const readers = await Promise.all(
      tables.map(async (table) => {
        const client = new Client(scratch.url);
        await client.connect();
        await client.query('begin');
        const { rows } = await client.query(`select pg_backend_pid() as pid, count(*) from ${table}`);
        return { client, pid: rows[0].pid as number };
      }),
    );
    let over = false;
    for (const { client, pid: reader } of readers) {
      const leave = async () => {
        await waitFor(async () => {
          const [{ blocked }] = await scratch.dataSource.query(
            'select $2 = any (pg_blocking_pids($1)) as blocked',
            [pid, reader],
          );
          return over || blocked;
        });
        if (!over) await new Promise((resolve) => setTimeout(resolve, afterMs));
        await client.end();
      };
      ended.push(leave());
    }
    try {
      await work();
    } finally {
      over = true;
      await Promise.all(ended);
    }
  };
});
