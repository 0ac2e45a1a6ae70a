import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { isPortFree } from '../port';
import type { TemporaryServer } from '../postgres-server';
import { openTemporaryServer } from '../temporary-server';
import { eventually } from '../test/eventually';
import { waitForJam } from '../test/jam';
import { openClient, query } from '../test/query';
import { openProxy } from './postgres-proxy';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server.stop());

async function countConnections(applicationName: string): Promise<unknown> {
  const sql = `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = '${applicationName}'`;
  return (await query(server.url, sql))[0];
}

function packet(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeInt32BE(word, index * 4);
  return bytes;
}

describe('openProxy', () => {
  it('changes nothing as long as nobody asks it to', async () => {
    await using proxy = await openProxy(server);
    const url = proxy.urlThrough(server.url);
    expect(await query(url, 'SELECT current_user, current_database()')).toEqual(['holdfast', 'holdfast']);
    await expect(query(url, 'SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await eventually('the connections are closed', () => proxy.connections === 0);
    expect(proxy.counts.connections).toBe(2);
  });

  it('passes on what is larger than every buffer on the way, in both directions', async () => {
    await using proxy = await openProxy(server);
    await using client = await openClient(proxy.urlThrough(server.url));
    const note = 'ä'.repeat(4_000_000);
    const { rows } = await client.query('SELECT $1::text AS note', [note]);
    expect(rows[0].note === note).toBe(true);
    expect(proxy.counts).toMatchObject({ frontend: { B: 1 }, backend: { D: 1 } });
    expect(proxy.counts.frontendBytes).toBeGreaterThan(8_000_000);
    expect(proxy.counts.backendBytes).toBeGreaterThan(8_000_000);
  });

  it('waits for a client that does not read, and loses nothing', async () => {
    const name = randomUUID();
    await using proxy = await openProxy(server);
    await using client = await openClient(proxy.urlThrough(server.url), { application_name: name });
    const { stream } = (client as typeof client & { connection: { stream: Socket } }).connection;
    stream.pause();
    const reading = client.query("SELECT repeat('x', 1000) FROM generate_series(1, 60000)");
    await waitForJam(proxy, { serverUrl: server.url, applicationName: name });
    expect(proxy.counts.backendBytes).toBeLessThan(60_000_000);
    stream.resume();
    expect((await reading).rowCount).toBe(60_000);
  });

  it('follows a server to the port it comes back on, and resets connections until then', async () => {
    await using unused = await openProxy(server);
    await unused.close();
    let { port } = unused;
    await using proxy = await openProxy(() => port);
    const url = proxy.urlThrough(server.url);
    await expect(query(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    port = server.port;
    expect(await query(url, 'SELECT 1')).toEqual([1]);
  });

  it('lets a client that prefers encryption go on without it', async () => {
    await using proxy = await openProxy(server);
    const socket = connect(proxy.port, '127.0.0.1');
    try {
      socket.write(packet(8, 80_877_103));
      expect(String(await once(socket, 'data'))).toBe('N');
      const parameters = Buffer.from('user\0holdfast\0database\0holdfast\0\0');
      socket.write(Buffer.concat([packet(8 + parameters.length, 196_608), parameters]));
      expect(String(await once(socket, 'data'))).toContain('SCRAM-SHA-256');
    } finally {
      socket.destroy();
    }
    expect(proxy.counts).toMatchObject({
      frontend: { SSLRequest: 1, Startup: 1 },
      backend: { EncryptionRefused: 1, R: 1 },
      roundTrips: 2,
    });
    const required = openClient(proxy.urlThrough(server.url), { ssl: { rejectUnauthorized: false } });
    await expect(required).rejects.toThrow('does not support SSL');
  });

  it('passes on a request to cancel, which comes on a connection of its own', async () => {
    await using proxy = await openProxy(server);
    await using client = await openClient(proxy.urlThrough(server.url));
    const { processID, secretKey } = client as typeof client & { processID: number; secretKey: number };
    const cancelled = expect(client.query('SELECT pg_sleep(600)')).rejects.toMatchObject({ code: '57014' });
    const sleeping = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    await eventually('the query runs', async () => (await query(server.url, sleeping))[0] === 1);
    connect(proxy.port, '127.0.0.1')
      .end(packet(16, 80_877_102, processID, secretKey))
      .resume();
    await cancelled;
    expect(proxy.counts).toMatchObject({ frontend: { CancelRequest: 1 }, connections: 2 });
  });

  it('lets a client that has nothing more to say hear the answer', async () => {
    await using proxy = await openProxy(server);
    const socket = connect(proxy.port, '127.0.0.1').end(packet(8, 80_877_103));
    expect(String(await once(socket, 'data'))).toBe('N');
    await once(socket, 'close');
  });

  it('closes every socket when it is closed, and listens no more', async () => {
    const name = randomUUID();
    const proxy = await openProxy(server);
    await using client = await openClient(proxy.urlThrough(server.url), { application_name: name });
    const broken = once(client, 'error');
    await proxy.close();
    expect(await broken).toMatchObject([{ message: 'Connection terminated unexpectedly' }]);
    expect(proxy.connections).toBe(0);
    expect(await isPortFree(proxy.port)).toBe(true);
    await eventually('the server has closed its end', async () => (await countConnections(name)) === 0);
    await proxy.close();
  });
});

describe('freeze', () => {
  it('holds back what is on the way, and thaw delivers all of it', async () => {
    await using proxy = await openProxy(server);
    await using client = await openClient(proxy.urlThrough(server.url));
    proxy.resetCounts();
    proxy.freeze();
    const answer = client.query('SELECT 1 AS one');
    const connecting = openClient(proxy.urlThrough(server.url));
    await eventually('the new connection is accepted', () => proxy.connections === 2);
    // A direct query goes there and back: time enough for the proxy to have passed on what it should not.
    await query(server.url, 'SELECT 1');
    expect(proxy.counts).toMatchObject({ frontend: {}, backend: {}, frontendBytes: 0, backendBytes: 0 });
    proxy.thaw();
    expect((await answer).rows).toEqual([{ one: 1 }]);
    await (await connecting).end();
  });

  it('hides from the server that its client is gone, until thaw', async () => {
    const name = randomUUID();
    await using proxy = await openProxy(server);
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await using client = await openClient(proxy.urlThrough(server.url), { application_name: name });
    proxy.freeze();
    const { stream } = (client as typeof client & { connection: { stream: Socket } }).connection;
    for (const gone of [socket, stream]) {
      gone.resetAndDestroy();
      await once(gone, 'close');
    }
    expect(await countConnections(name)).toBe(1);
    proxy.thaw();
    await eventually('the server knows', async () => (await countConnections(name)) === 0);
    await eventually('nothing is left open', () => proxy.connections === 0);
  });
});

describe('cut and refuse', () => {
  it('reset the open connections, and the new ones, while others are left alone', async () => {
    await using proxy = await openProxy(server);
    await using other = await openClient(server.url);
    await using client = await openClient(proxy.urlThrough(server.url));
    const broken = once(client, 'error');
    proxy.refuse(true);
    proxy.cut();
    expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
    await expect(openClient(proxy.urlThrough(server.url))).rejects.toMatchObject({ code: 'ECONNRESET' });
    await eventually('nothing is left open', () => proxy.connections === 0);
    expect((await other.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    proxy.refuse(false);
    expect(await query(proxy.urlThrough(server.url), 'SELECT 1')).toEqual([1]);
  });
});
