import { createDataSource } from '@holdfast/db';
import {
  openTestDatabase,
  readLocalServer,
  startLocalServer,
  stopLocalServer,
} from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { runCommandProcess } from './test/command-process';
import { openScratchFolder } from './test/scratch-folder';

async function migrate(variables: Readonly<Record<string, string>>) {
  const process = runCommandProcess('migrate', variables);
  const code = await process.ended();
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** All that there are. */
const TOTAL = 7;

/** The lock of @holdfast/online-schema, which lasts until it is given back or its session ends. */
const TAKE_MIGRATION_LOCK = `select pg_advisory_lock(${0x686f6c64}, ${0x66617374})`;

describe('npm run migrate', () => {
  it('applies what is pending to the server of DATABASE_URL, each step with its time, and then nothing', async () => {
    await using database = await openTestDatabase({ empty: true });
    const first = await migrate({ DATABASE_URL: database.url });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/build index {6}idx_events_tags {2}\d+ ms/);
    expect(first.stdout).toMatch(new RegExp(`Applied ${TOTAL} migrations in [\\d.]+ m?s\\.\n$`));
    const second = await migrate({ DATABASE_URL: database.url });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toMatch(/No migrations are pending\.\n$/);
  });

  it('stops the local server if it was not running', async () => {
    using folder = openScratchFolder();
    const { code, stdout } = await migrate({ HOLDFAST_DIRECTORY: folder.path });
    expect(code).toBe(0);
    expect(stdout).toContain(`Applied ${TOTAL} migrations`);
    expect(await readLocalServer({ directory: folder.path })).toBeUndefined();
  });

  it('leaves the local server running if it was', async () => {
    using folder = openScratchFolder();
    const { pid } = await startLocalServer({ directory: folder.path });
    try {
      expect(await migrate({ HOLDFAST_DIRECTORY: folder.path })).toMatchObject({ code: 0 });
      expect(await readLocalServer({ directory: folder.path })).toMatchObject({ pid });
    } finally {
      await stopLocalServer({ directory: folder.path });
    }
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'stopped by %s, undoes what it has begun, says what is left, exits with %d',
    async (signal, code) => {
      await using database = await openTestDatabase({ empty: true });
      const obstacle = await openObstacle(database.url, 'create table organizations (id integer)');
      const process = runCommandProcess('migrate', { DATABASE_URL: database.url });
      await process.waitForOutput(new RegExp(`\\[1/${TOTAL}\\]`));
      process.signal(signal);
      await obstacle.remove();
      expect(await process.ended()).toBe(code);
      expect(process.stderr).toBe(
        `npm run migrate: stopped; 0 of ${TOTAL} migrations applied; run it again\n`,
      );
      expect((await migrate({ DATABASE_URL: database.url })).stdout).toContain(
        `Applied ${TOTAL} migrations in`,
      );
    },
  );

  it('stopped while another run migrates, says that nothing was applied', async () => {
    await using database = await openTestDatabase({ empty: true });
    const obstacle = await openObstacle(database.url, TAKE_MIGRATION_LOCK);
    const process = runCommandProcess('migrate', { DATABASE_URL: database.url });
    await process.waitForOutput(/another migration is running/);
    process.signal('SIGTERM');
    expect(await process.ended()).toBe(143);
    expect(process.stderr).toBe('npm run migrate: stopped; no migration applied; run it again\n');
    await obstacle.remove();
  });

  it('stops when nobody reads its output any more, and does not call that a success', async () => {
    await using database = await openTestDatabase({ empty: true });
    const obstacle = await openObstacle(database.url, TAKE_MIGRATION_LOCK);
    const process = runCommandProcess('migrate', { DATABASE_URL: database.url });
    await process.waitForOutput(/another migration is running/);
    process.closeOutput('stdout');
    await obstacle.remove();
    expect(await process.ended()).toBe(1);
    expect(process.stderr).toBe(`npm run migrate: stopped; 0 of ${TOTAL} migrations applied; run it again\n`);
  });

  it('says in one line why it failed, without the password', async () => {
    await using database = await openTestDatabase({ empty: true });
    const url = new URL(database.url);
    url.password = 'secret';
    const { code, stdout, stderr } = await migrate({ DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^npm run migrate: .*refused the login.*\n$/);
    expect(stdout + stderr).not.toMatch(/secret/);
  });

  it('says in one line which migration failed', async () => {
    await using database = await openTestDatabase({ empty: true });
    await putTableInTheWay(database.url);
    const { code, stderr } = await migrate({ DATABASE_URL: database.url });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^npm run migrate: InitialSchema\d+: .*organizations.*\n$/);
  });
});

/** The first migration creates a table of this name. */
async function putTableInTheWay(url: string): Promise<void> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: url }));
  await dataSource.query('create table organizations (id integer)');
  await closeDataSource(dataSource);
}

/** A statement in a transaction that stays open; what collides with it waits until it is rolled back. */
async function openObstacle(url: string, statement: string): Promise<{ remove(): Promise<void> }> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: url }));
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(statement);
  return {
    async remove() {
      await runner.rollbackTransaction();
      await runner.query('select pg_advisory_unlock_all()');
      await runner.release();
      await closeDataSource(dataSource);
    },
  };
}
