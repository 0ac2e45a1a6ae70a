import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { openProject, type Project } from '../test/project';
import { waitFor } from '../test/wait-for';

const INDEX = 'IndexParcels1700000000001';

/** What happens to a run that is told to stop, or that dies, while its build is held up. */
describe('holdfast migrate in the middle of a build', () => {
  let server: TemporaryServer;
  let project: Project;
  let admin: Client;
  let reader: Client;

  beforeAll(async () => {
    server = await openTemporaryServer();
    project = openProject({
      CreateParcels1700000000000: {
        transaction: true,
        up: `await runner.query('create table parcels as select n as weight from generate_series(1, 1000) n');`,
      },
      [INDEX]: {
        transaction: false,
        up: `await holdfast.ensureIndex(runner, { table: 'parcels', name: 'idx_parcels_weight', keys: ['"weight"'], unique: true });`,
        down: `await holdfast.dropIndex(runner, { table: 'parcels', name: 'idx_parcels_weight' });`,
      },
    });
  });

  afterAll(async () => {
    project?.[Symbol.dispose]();
    await server?.stop();
  });

  beforeEach(async () => {
    admin = new Client(server.url);
    reader = new Client(server.url);
    await admin.connect();
    await reader.connect();
    await admin.query('create table unrelated (id integer)');
  });

  afterEach(async () => {
    await reader.end();
    await waitFor(async () => (await builders()).length === 0);
    await admin.query('drop table if exists unrelated, parcels, migrations');
    await admin.end();
  });

  const indexes = async () =>
    (
      await admin.query(
        `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = to_regclass('parcels')`,
      )
    ).rows;
  const builders = async () =>
    (
      await admin.query(
        `select pid, query from pg_stat_activity where application_name = 'holdfast migrate' and state = 'active'`,
      )
    ).rows;
  const isWaitingFor = (statement: string) => async () =>
    (await builders()).some(({ query }: { query: string }) => query.startsWith(statement));
  const locks = async () =>
    (await admin.query(`select 1 from pg_locks where locktype = 'advisory'`)).rows.length;
  const holdSnapshot = async (table: string) => {
    await reader.query('begin isolation level repeatable read');
    await reader.query(`select count(*) from ${table}`);
  };
  const IS_HELD_UP = `select 1 from pg_stat_progress_create_index where phase = 'waiting for old snapshots'`;
  const isHeldUp = async () => (await admin.query(IS_HELD_UP)).rows.length > 0;

  it('leaves an index that is invalid and rejects rows, if the statement is simply cancelled', async () => {
    await admin.query('create table parcels as select n as weight from generate_series(1, 1000) n');
    const builder = new Client(server.url);
    await builder.connect();
    try {
      await holdSnapshot('unrelated');
      const built = builder
        .query('create unique index concurrently idx_parcels_weight on parcels (weight)')
        .catch(({ code }) => code);
      await waitFor(isHeldUp);
      await admin.query('select pg_cancel_backend(pid) from pg_stat_progress_create_index');
      expect(await built).toBe('57014');
      expect(await indexes()).toEqual([{ name: 'idx_parcels_weight', valid: false }]);
      await expect(admin.query('insert into parcels values (1)')).rejects.toMatchObject({ code: '23505' });
    } finally {
      await builder.end();
    }
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves nothing behind when %s stops it, and says what is left to do', async (signal, code) => {
    await holdSnapshot('unrelated');
    const run = project.start(['migrate'], server.url);
    await waitFor(isHeldUp);
    run.child.kill(signal);
    const ended = await run.ended;
    expect(ended).toMatchObject({
      code,
      err: `holdfast: stopped; 1 of 2 migrations applied; left: ${INDEX}\n`,
    });
    expect(await indexes()).toEqual([]);
    expect(await locks()).toBe(0);
    await reader.query('commit');
    await expect(project.run(['migrate'], server.url)).resolves.toMatchObject({ code: 0 });
    expect(await indexes()).toEqual([{ name: 'idx_parcels_weight', valid: true }]);
  });

  it('ends at once at the second Ctrl-C, and the next run clears away what that left', async () => {
    await expect(project.run(['migrate'], server.url)).resolves.toMatchObject({ code: 0 });
    await expect(project.run(['revert'], server.url)).resolves.toMatchObject({ code: 0 });
    // Whoever has read the table itself is waited for by the drop as well.
    await holdSnapshot('parcels');
    const run = project.start(['migrate'], server.url);
    await waitFor(isHeldUp);
    run.child.kill('SIGINT');
    await waitFor(isWaitingFor('DROP INDEX CONCURRENTLY'));
    let isEnded = false;
    void run.ended.then(() => {
      isEnded = true;
    });
    await waitFor(() => !run.child.kill('SIGINT') || isEnded, 100);
    expect(await run.ended).toMatchObject({ code: 130 });
    expect(await indexes()).toEqual([{ name: 'idx_parcels_weight', valid: false }]);

    await reader.query('commit');
    await expect(project.run(['migrate'], server.url)).resolves.toMatchObject({ code: 0 });
    expect(await indexes()).toEqual([{ name: 'idx_parcels_weight', valid: true }]);
  });

  it('ends when it is stopped and the server does not answer any more', async () => {
    const proxy = await openProxy(server);
    try {
      await holdSnapshot('unrelated');
      const run = project.start(['migrate'], proxy.urlThrough(server.url));
      await waitFor(isHeldUp);
      proxy.freeze();
      run.child.kill('SIGINT');
      const ended = await run.ended;
      expect(ended).toMatchObject({ code: 130, err: expect.stringContaining(`left: ${INDEX}`) });
      expect(ended.out).toContain('what is left of it the next run clears away');
    } finally {
      await proxy.close();
    }
    await reader.query('commit');
    await expect(project.run(['migrate'], server.url)).resolves.toMatchObject({ code: 0 });
    expect(await indexes()).toEqual([{ name: 'idx_parcels_weight', valid: true }]);
  });

  it('killed, leaves a session that the server ends within seconds, and not a plain one', async () => {
    await holdSnapshot('unrelated');
    await admin.query('create table control as select 1 as id');
    const plain = new Client(server.url);
    plain.on('error', () => undefined);
    await plain.connect();
    const [{ pid }] = (await plain.query('select pg_backend_pid() as pid')).rows;
    plain.query('create index concurrently idx_control on control (id)').catch(() => undefined);
    const run = project.start(['migrate'], server.url);
    await waitFor(async () => (await admin.query(IS_HELD_UP)).rows.length === 2);
    (plain as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await builders()).toHaveLength(1);
    expect(await locks()).toBe(1);

    const next = project.start(['migrate'], server.url);
    await next.waitForOutput(
      /another migration is running \(pid \d+, holdfast migrate, connected since .*\); waiting/,
    );
    await waitFor(async () => (await indexes()).length === 0 || (await builders()).length === 0);
    expect((await admin.query('select state from pg_stat_activity where pid = $1', [pid])).rows).toEqual([
      { state: 'active' },
    ]);
    await reader.query('commit');
    await expect(next.ended).resolves.toMatchObject({ code: 0 });
    expect(await indexes()).toEqual([{ name: 'idx_parcels_weight', valid: true }]);
    await admin.query('drop table control');
  });
});
