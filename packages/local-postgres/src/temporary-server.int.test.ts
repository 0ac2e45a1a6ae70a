import { existsSync, readdirSync } from 'node:fs';
import { Client } from 'pg';
import { isPortFree } from './port';
import { openTemporaryServer } from './temporary-server';
import { eventually } from './test/eventually';
import { openScratchFolder } from './test/scratch-folder';
import { postgresVersions } from './version';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  // A server that is killed ends the connection as well as the query.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** UTF8, code point order, UTC, the loopback address only, and a password. */
async function expectSameOnEveryMachine(url: string): Promise<void> {
  const settings = [
    'server_encoding',
    'TimeZone',
    'listen_addresses',
    'unix_socket_directories',
    'max_connections',
  ];
  const values = await query(
    url,
    `SELECT current_setting(name) FROM unnest('{${settings}}'::text[]) WITH ORDINALITY AS s(name, n) ORDER BY n`,
  );
  expect(values).toEqual(['UTF8', 'UTC', '127.0.0.1', '', '100']);
  expect(await query(url, "SELECT 'B' < 'a', lower('Ä')")).toEqual([true, 'ä']);

  const wrong = new URL(url);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
}

describe('openTemporaryServer', () => {
  it.each(postgresVersions)('starts PostgreSQL %i and leaves nothing behind', async (version) => {
    const server = await openTemporaryServer({ version });
    expect(await query(server.url, "SELECT current_setting('server_version')::numeric::int")).toEqual([
      version,
    ]);
    expect(await query(server.url, 'SELECT current_database(), current_user')).toEqual([
      'holdfast',
      'holdfast',
    ]);
    await expectSameOnEveryMachine(server.url);
    await server.stop();
    expect(existsSync(server.folder)).toBe(false);
    expect(await isPortFree(server.port)).toBe(true);
    await server.stop();
  });

  it('takes settings, which win over its own', async () => {
    await using server = await openTemporaryServer({ settings: { max_connections: 7, fsync: true } });
    expect(
      await query(server.url, "SELECT current_setting('max_connections'), current_setting('fsync')"),
    ).toEqual(['7', 'on']);
  });

  it('says in one line what PostgreSQL did not like, and leaves no folder', async () => {
    const attempt = openTemporaryServer({ settings: { shared_buffers: 'plenty' } });
    const error = await attempt.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'start_failed', message: expect.stringContaining('shared_buffers') });
    const message = error instanceof Error ? error.message : '';
    expect(message.split('\n')).toHaveLength(1);
    expect(existsSync(/server in (\S+)/.exec(message)?.[1] ?? '/')).toBe(false);
  });

  it('keeps data and port while it is halted, and refuses connections then', async () => {
    await using server = await openTemporaryServer();
    const { port } = server;
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.halt('immediate');
    await expect(query(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.resume();
    expect(server.port).toBe(port);
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([42]);
  });

  it('comes back after a crash with every commit', async () => {
    await using server = await openTemporaryServer();
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const busy = expect(query(server.url, 'SELECT pg_sleep(600)')).rejects.toThrow('terminated unexpectedly');
    const sleeping = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    await eventually('the query runs', async () => (await query(server.url, sleeping))[0] === 1);
    process.kill(server.pid, 'SIGKILL');
    await busy;
    await server.resume();
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([42]);
  });

  it('gives up when asked to, and leaves nothing', async () => {
    using scratch = openScratchFolder();
    const parent = scratch.path;
    await expect(openTemporaryServer({ parent, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    const controller = new AbortController();
    const attempt = openTemporaryServer({ parent, signal: controller.signal });
    await eventually('the start has begun', () => readdirSync(parent).length > 0);
    controller.abort();
    await expect(attempt).rejects.toThrow('aborted');
    await eventually(`nothing is left in ${parent}`, () => readdirSync(parent).length === 0);
  });
});
