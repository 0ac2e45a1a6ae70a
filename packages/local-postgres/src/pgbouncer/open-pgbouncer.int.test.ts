import { readdirSync } from 'node:fs';
import { withDatabase } from '../credentials';
import { isPortFree } from '../port';
import type { TemporaryServer } from '../postgres-server';
import { readCommandLine } from '../process-identity';
import { openTemporaryServer } from '../temporary-server';
import { eventually } from '../test/eventually';
import { startOwnerOfBoth } from '../test/owner-process';
import { openClient, query } from '../test/query';
import { openScratchFolder } from '../test/scratch-folder';
import { openPgBouncer } from './open-pgbouncer';
import { isPgBouncerInstalled } from './program';

const isInstalled = isPgBouncerInstalled();
const reason = isInstalled ? '' : ' (skipped: pgbouncer is not installed)';

(isInstalled ? describe : describe.skip)(`openPgBouncer${reason}`, () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server.stop());

  it.each(['session', 'transaction'] as const)('passes queries on in %s mode', async (mode) => {
    await using pooler = await openPgBouncer(server, { mode });
    expect(pooler).toMatchObject({ mode, url: expect.stringContaining(`127.0.0.1:${pooler.port}/holdfast`) });
    expect(await query(pooler.url, 'SELECT current_user, current_database()')).toEqual([
      'holdfast',
      'holdfast',
    ]);
    await using client = await openClient(pooler.url);
    expect((await client.query('SELECT $1::int AS one', [1])).rows).toEqual([{ one: 1 }]);
  });

  it('shows clients process ids of its own, which no backend has', async () => {
    const claims = async (url: string) => {
      await using client = await openClient(url);
      const { processID } = client as typeof client & { processID: number };
      return processID === (await client.query('SELECT pg_backend_pid()')).rows[0].pg_backend_pid;
    };
    await using pooler = await openPgBouncer(server, { mode: 'session' });
    expect(await claims(pooler.url)).toBe(false);
    expect(await claims(server.url)).toBe(true);
  });

  it('breaks named statements in transaction mode, and keeps them in session mode', async () => {
    const named = { name: 'one', text: 'SELECT 1 AS one' };
    await using session = await openPgBouncer(server, { mode: 'session', poolSize: 2 });
    await using transaction = await openPgBouncer(server, { mode: 'transaction', poolSize: 1 });
    const runOnTwoClients = async (url: string) => {
      await using first = await openClient(url);
      await using second = await openClient(url);
      await first.query(named);
      await second.query(named);
      return (await first.query(named)).rows;
    };
    expect(await runOnTwoClients(session.url)).toEqual([{ one: 1 }]);
    await expect(runOnTwoClients(transaction.url)).rejects.toMatchObject({ code: '42P05' });
  });

  it('lets clients wait for one of its server connections, and share it', async () => {
    await using pooler = await openPgBouncer(server, { mode: 'transaction', poolSize: 1 });
    await using first = await openClient(pooler.url);
    await using second = await openClient(pooler.url);
    const askPid = async (client: typeof first) =>
      (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    await first.query('BEGIN');
    const held = await askPid(first);
    const waiting = askPid(second);
    await using console = await openClient(withDatabase(pooler.url, 'pgbouncer'));
    await eventually('the second client waits, and not for a new connection', async () => {
      const { rows } = await console.query('SHOW POOLS');
      const pool = rows.find(({ database }) => database === 'holdfast');
      return pool?.cl_waiting === 1 && pool.sv_login === 0 && pool.sv_active === 1;
    });
    await first.query('COMMIT');
    expect(await waiting).toBe(held);
  });

  it('takes further options of PgBouncer, and refuses what is none', async () => {
    const options = { statement_timeout: 5_000 };
    await using plain = await openPgBouncer(server, { mode: 'session' });
    await expect(openClient(plain.url, options)).rejects.toThrow('unsupported startup parameter');
    const settings = { ignore_startup_parameters: 'statement_timeout' };
    await using lenient = await openPgBouncer(server, { mode: 'session', settings });
    await using client = await openClient(lenient.url, options);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);

    const open = (wrong: object) => openPgBouncer(server, { mode: 'session', ...wrong });
    const before = readdirSync(server.folder);
    await expect(open({ settings: { 'auth_type = any\nx': 1 } })).rejects.toMatchObject({
      code: 'setting_invalid',
    });
    await expect(open({ settings: { pidfile: 'a\nb' } })).rejects.toMatchObject({ code: 'setting_invalid' });
    await expect(open({ poolSize: 0 })).rejects.toMatchObject({ code: 'setting_invalid' });
    await expect(open({ settings: { server_lifetime: 'soon' } })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('server_lifetime'),
    });
    expect(readdirSync(server.folder)).toEqual(before);
  });

  it('ends at stop, with its connections and files, and lets the server live', async () => {
    const before = readdirSync(server.folder);
    const pooler = await openPgBouncer(server, { mode: 'session' });
    await using client = await openClient(pooler.url);
    await client.query('SELECT 1');
    await pooler.stop();
    await expect(client.query('SELECT 1')).rejects.toThrow();
    expect(await isPortFree(pooler.port)).toBe(true);
    expect(readdirSync(server.folder)).toEqual(before);
    expect(await query(server.url, 'SELECT 1')).toEqual([1]);
    await pooler.stop();
  });

  it('ends with a process that is killed, and leaves no folder', async () => {
    using scratch = openScratchFolder();
    const owner = await startOwnerOfBoth('openPgBouncer', { mode: 'session' }, { parent: scratch.path });
    const { pid, port } = owner.server;
    expect(await readCommandLine(pid)).toContain('pgbouncer');
    await owner.kill();
    await eventually('the pooler is gone', async () => (await readCommandLine(pid)) === undefined);
    // Its command line goes before its sockets.
    await eventually('its port is free', () => isPortFree(port));
    await eventually(`nothing is left in ${scratch.path}`, () => readdirSync(scratch.path).length === 0);
  });
});
