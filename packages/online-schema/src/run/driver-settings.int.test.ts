import type { Socket } from 'node:net';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { migrate } from './migrate';
import type { RunEvent } from './run-event';
import { openSideConnection } from './side-connection';

class IndexLamps1700000000000 implements MigrationInterface {
  readonly name = 'IndexLamps1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, { table: 'lamps', name: 'idx_lamps_a', keys: ['"a"'] });
  }
  async down() {}
}

class WidenLamps1700000000001 implements MigrationInterface {
  readonly name = 'WidenLamps1700000000001';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('alter table lamps add column b integer');
  }
  async down() {}
}

const QUERY_TIMEOUT_MS = 300;

/** What a project tells the driver for its application, and what must not end a build of an hour. */
describe('a run on a DataSource with settings for the driver', () => {
  let scratch: Scratch;
  let reader: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table lamps as select n as a from generate_series(1, 100) n');
    await scratch.dataSource.query('create table unrelated (id integer)');
    reader = scratch.dataSource.createQueryRunner();
  });

  afterEach(async () => {
    if (!reader.isReleased) await reader.release();
    await scratch.close();
  });

  const holdSnapshot = async () => {
    await reader.startTransaction('REPEATABLE READ');
    await reader.query('select * from unrelated');
  };
  const isHeldUp = async () =>
    (
      await scratch.dataSource.query(
        `select 1 from pg_stat_progress_create_index
         where phase = 'waiting for old snapshots' and datname = current_database()`,
      )
    ).length > 0;
  const isAsleep = async () =>
    (
      await scratch.dataSource.query(
        `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
      )
    ).length > 0;
  const open = (extra: object): Promise<DataSource> =>
    scratch.open({ migrations: [IndexLamps1700000000000], extra });
  const indexes = () =>
    scratch.dataSource.query(
      `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'lamps'::regclass`,
    );

  it('has a client-side query_timeout that fails a build which the server goes on with', async () => {
    await holdSnapshot();
    const dataSource = await open({ query_timeout: QUERY_TIMEOUT_MS });
    await expect(
      dataSource.query('create index concurrently idx_lamps_control on lamps (a)'),
    ).rejects.toThrow('Query read timeout');
    expect(await isHeldUp()).toBe(true);
    await reader.rollbackTransaction();
  });

  it('is not ended by a client-side query_timeout, which holds again for whoever has the connection next', async () => {
    await holdSnapshot();
    const dataSource = await open({ query_timeout: QUERY_TIMEOUT_MS, max: 1 });
    const events: RunEvent[] = [];
    const migrated = migrate(dataSource, { report: (event) => events.push(event) });
    migrated.catch(() => undefined);
    // Told after a second, which is later than the timeout.
    await waitFor(() => events.some(({ type }) => type === 'blocked'));
    await reader.rollbackTransaction();
    await expect(migrated).resolves.toEqual(['IndexLamps1700000000000']);
    expect(await indexes()).toEqual([{ name: 'idx_lamps_a', valid: true }]);
    await expect(dataSource.query('select pg_sleep(1)')).rejects.toThrow('Query read timeout');
    await waitFor(async () => !(await isAsleep()));
  });

  it('opens its second connection with whatever the pool is given in extra', async () => {
    const { hostname, port, username, password, pathname } = new URL(scratch.url);
    const dataSource = new DataSource({
      type: 'postgres',
      installExtensions: false,
      host: 'nowhere.invalid',
      port: Number(port),
      username,
      password: 'wrong',
      database: pathname.slice(1),
      extra: { host: hostname, password },
    });
    await dataSource.initialize();
    const side = await openSideConnection(dataSource, 'side').finally(() => dataSource.destroy());
    expect(await side.query('select current_database() as name')).toEqual([{ name: pathname.slice(1) }]);
    await side.close();
  });

  it('outlives the idle_session_timeout of its role, on both connections, and leaves it as it was', async () => {
    await reader.startTransaction();
    await reader.query('select * from lamps');
    const dataSource = await scratch.open({
      migrations: [WidenLamps1700000000001],
      extra: { max: 1, options: '-c idle_session_timeout=100ms' },
    });
    const events: RunEvent[] = [];
    const migrated = migrate(dataSource, { report: (event) => events.push(event) });
    migrated.catch(() => undefined);
    await waitFor(() => events.filter(({ type }) => type === 'lock-timeout').length >= 3);
    await reader.rollbackTransaction();
    await expect(migrated).resolves.toEqual(['WidenLamps1700000000001']);
    expect(events.filter(({ type }) => type === 'notice')).toEqual([]);
    expect(await dataSource.query('show idle_session_timeout')).toEqual([{ idle_session_timeout: '100ms' }]);
  });

  it('keeps its connection alive while nothing is sent over it', async () => {
    const dataSource = await open({ max: 1 });
    const runner = dataSource.createQueryRunner();
    const { stream } = ((await runner.connect()) as { connection: { stream: Socket } }).connection;
    const asked: unknown[] = [];
    const original = stream.setKeepAlive.bind(stream);
    stream.setKeepAlive = (...args) => {
      asked.push(args);
      return original(...args);
    };
    await runner.release();
    await migrate(dataSource);
    expect(asked).toContainEqual([true, 30_000]);
  });
});
