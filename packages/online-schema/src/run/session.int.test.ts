import {
  isPgBouncerInstalled,
  openPgBouncer,
  openReplica,
  openTemporaryServer,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { migrate } from './migrate';
import { revert } from './revert';
import { readStatus } from './status';

const TRY_LOCK = 'select pg_try_advisory_lock(1, 2) as had';

class CreateKites1700000000000 implements MigrationInterface {
  readonly name = 'CreateKites1700000000000';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('create table kites (id integer)');
  }
  async down(runner: QueryRunner) {
    await runner.query('drop table kites');
  }
}

/** Runs `work` with a DataSource that has one migration. */
async function withDataSource<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    installExtensions: false,
    migrationsTransactionMode: 'none',
    migrations: [CreateKites1700000000000],
  });
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

describe('a run on a session that is not its own, or takes no changes', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  const whenInstalled = isPgBouncerInstalled() ? it : it.skip;

  whenInstalled('would share the lock behind a pooler in transaction mode', async () => {
    await using pooler = await openPgBouncer(server, { mode: 'transaction' });
    await withDataSource(pooler.url, async (one) =>
      withDataSource(pooler.url, async (other) => {
        expect(await one.query(TRY_LOCK)).toEqual([{ had: true }]);
        expect(await other.query(TRY_LOCK)).toEqual([{ had: true }]);
      }),
    );
  });

  whenInstalled('is refused behind a pooler in transaction mode, before anything is done', async () => {
    await using pooler = await openPgBouncer(server, { mode: 'transaction' });
    await withDataSource(pooler.url, async (dataSource) => {
      await expect(migrate(dataSource)).rejects.toMatchObject({
        code: 'HOLDFAST_SESSION_SHARED',
        message: expect.stringContaining("give the DataSource the server's own address"),
      });
      expect(await dataSource.query(`select to_regclass('kites') as found`)).toEqual([{ found: null }]);
    });
  });

  whenInstalled('works behind a pooler in session mode', async () => {
    await using pooler = await openPgBouncer(server, { mode: 'session' });
    await withDataSource(pooler.url, async (dataSource) => {
      await expect(migrate(dataSource)).resolves.toEqual(['CreateKites1700000000000']);
      await expect(revert(dataSource)).resolves.toHaveLength(1);
    });
  });

  it('is refused on a standby, and says where to go', async () => {
    const replica = await openReplica(server);
    try {
      await withDataSource(replica.url, (dataSource) =>
        expect(migrate(dataSource)).rejects.toMatchObject({
          code: 'HOLDFAST_READ_ONLY',
          message: expect.stringContaining("give the DataSource the primary's address"),
        }),
      );
    } finally {
      await replica.stop();
    }
  });

  it('is refused where transactions are read-only by default, and says which setting that is', async () => {
    const url = new URL(server.url);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    await withDataSource(url.href, async (dataSource) => {
      await expect(dataSource.query('create table control (id integer)')).rejects.toMatchObject({
        driverError: { code: '25006' },
      });
      await expect(migrate(dataSource)).rejects.toMatchObject({
        code: 'HOLDFAST_READ_ONLY',
        message: expect.stringContaining('default_transaction_read_only = off'),
      });
    });
  });
});

describe('a migration that leaves a transaction open', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
  });

  afterEach(() => scratch.close());

  const openMigration = (up: (runner: QueryRunner) => Promise<unknown>) => {
    const migration = class LeaveOpen1700000000000 implements MigrationInterface {
      readonly name = 'LeaveOpen1700000000000';
      readonly transaction = false;
      async up(runner: QueryRunner) {
        await up(runner);
      }
      async down() {}
    };
    return scratch.open({ migrations: [migration], poolSize: 1 });
  };
  const locks = () =>
    scratch.dataSource.query(
      `select 1 from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())`,
    );

  it('is not entered as applied, since all it did goes with the connection', async () => {
    const dataSource = await openMigration(async (runner) => {
      await runner.query('begin');
      await runner.query('create table kites (id integer)');
    });
    await expect(migrate(dataSource)).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATION_FAILED',
      cause: { code: 'HOLDFAST_TRANSACTION_LEFT_OPEN' },
    });
    expect((await readStatus(dataSource)).migrations).toMatchObject([{ state: 'pending' }]);
    expect(await locks()).toEqual([]);
  });

  it.each([
    ['by a BEGIN of its own', (runner: QueryRunner) => runner.query('begin')],
    ['through TypeORM', (runner: QueryRunner) => runner.startTransaction()],
  ])('%s, and fails in it, gives the lock and the connection back', async (_, begin) => {
    const dataSource = await openMigration(async (runner) => {
      await begin(runner);
      await runner.query('select 1 / 0');
    });
    await expect(migrate(dataSource)).rejects.toMatchObject({
      message: 'LeaveOpen1700000000000: division by zero',
    });
    expect(await locks()).toEqual([]);
    expect(await dataSource.query('select 1 as works')).toEqual([{ works: 1 }]);
  });
});
