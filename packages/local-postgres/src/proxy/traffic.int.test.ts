import type { TemporaryServer } from '../postgres-server';
import { openTemporaryServer } from '../temporary-server';
import { openClient } from '../test/query';
import { openProxy, type PostgresProxy } from './postgres-proxy';

let server: TemporaryServer;
let proxy: PostgresProxy;
beforeAll(async () => {
  server = await openTemporaryServer();
  proxy = await openProxy(server);
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

describe('counts', () => {
  it('of a login are three round trips: the password is proved in two', async () => {
    proxy.resetCounts();
    await using _client = await openClient(proxy.urlThrough(server.url));
    expect(proxy.counts).toMatchObject({
      frontend: { Startup: 1, p: 2 },
      backend: { R: 4, K: 1, Z: 1 },
      connections: 1,
      roundTrips: 3,
    });
  });

  it('of a transaction of simple queries are a message and a round trip for each', async () => {
    await using client = await openClient(proxy.urlThrough(server.url));
    proxy.resetCounts();
    await client.query('BEGIN');
    await client.query('CREATE TABLE made (id int)');
    await client.query('COMMIT');
    expect(proxy.counts).toEqual({
      frontend: { Q: 3 },
      backend: { C: 3, Z: 3 },
      frontendBytes: expect.any(Number),
      backendBytes: expect.any(Number),
      connections: 0,
      roundTrips: 3,
    });
  });

  it('of a statement with parameters are five messages and one round trip', async () => {
    await using client = await openClient(proxy.urlThrough(server.url));
    proxy.resetCounts();
    await client.query('SELECT $1::int', [1]);
    expect(proxy.counts).toMatchObject({ frontend: { P: 1, B: 1, D: 1, E: 1, S: 1 }, roundTrips: 1 });
  });

  it('of many statements written together are one round trip', async () => {
    await using client = await openClient(proxy.urlThrough(server.url), { pipeline: true });
    const run = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => client.query('SELECT $1::int', [index])));
    proxy.resetCounts();
    await run(2);
    expect(proxy.counts).toMatchObject({ frontend: { S: 2 }, backend: { Z: 2 }, roundTrips: 1 });
    await run(500);
    expect(proxy.counts).toMatchObject({ frontend: { S: 502 }, backend: { Z: 502 }, roundTrips: 2 });
  });

  it('leaves out what nobody waits for: a notice, and the goodbye', async () => {
    const client = await openClient(proxy.urlThrough(server.url));
    proxy.resetCounts();
    await client.query("DO $$ BEGIN RAISE NOTICE 'one'; RAISE NOTICE 'two'; END $$");
    await client.end();
    expect(proxy.counts).toMatchObject({ frontend: { Q: 1, X: 1 }, backend: { N: 2 }, roundTrips: 1 });
  });

  it('is a copy: what comes later does not change it', async () => {
    await using client = await openClient(proxy.urlThrough(server.url));
    proxy.resetCounts();
    const before = proxy.counts;
    await client.query('SELECT 1');
    expect(before).toEqual({
      frontend: {},
      backend: {},
      frontendBytes: 0,
      backendBytes: 0,
      connections: 0,
      roundTrips: 0,
    });
  });
});
