import { createPostgresEmitter, type PostgresEvents } from '../events/postgres-events';
import { openPool, until } from '../test/settings';
import { openTestServer, readPid, type TestServer } from '../test/test-server';

describe('the lifetime of a connection', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  function listen() {
    const events = createPostgresEmitter();
    const removed: PostgresEvents['remove'][] = [];
    events.on('remove', (event) => removed.push(event));
    return { events, removed };
  }

  it('differs, so that connections which were opened together leave apart, idle ones too', async () => {
    const { events, removed } = listen();
    let drawn = 0;
    await using pool = openPool(database.url, { lifetimeMs: 1_600 }, { events, random: () => drawn });
    const patient = await pool.acquire();
    drawn = 0.999;
    const early = await pool.acquire();
    const patientPid = await readPid(patient);
    early.release();
    patient.release();
    await until(() => removed.length === 1);
    // The younger one has left first: its lifetime is a quarter shorter.
    expect(await readPid(pool)).toBe(patientPid);
    await until(() => removed.length === 2);
    expect(removed.map(({ reason }) => reason)).toEqual(['lifetime', 'lifetime']);
    expect(pool.stats.total).toBe(0);
  });

  it('ends a connection in use only when it comes back', async () => {
    const { events, removed } = listen();
    await using pool = openPool(database.url, { lifetimeMs: 20 }, { events });
    const client = await pool.acquire();
    const pid = await readPid(client);
    await until(() => pool.expiredCount === 1);
    expect(await readPid(client)).toBe(pid);
    expect(removed).toEqual([]);
    client.release();
    await until(() => removed.length === 1);
    expect(removed).toEqual([{ pool: 'primary', reason: 'lifetime', ageMs: expect.any(Number) }]);
    expect(await readPid(pool)).not.toBe(pid);
  });

  it('ends with its connection, and a new one takes the place below the minimum', async () => {
    const { events, removed } = listen();
    let opened = 0;
    events.on('connect', () => {
      opened += 1;
    });
    await using pool = openPool(database.url, { min: 1, lifetimeMs: 40 }, { events });
    await pool.query('SELECT 1');
    await until(() => removed.length >= 3 && opened > 3 && pool.stats.free === 1);
    expect(new Set(removed.map(({ reason }) => reason))).toEqual(new Set(['lifetime']));
  });

  it('is endless when it is 0', async () => {
    const { events, removed } = listen();
    await using endless = openPool(database.url, { lifetimeMs: 0 }, { events });
    await using mortal = openPool(database.url, { lifetimeMs: 20 });
    await endless.query('SELECT 1');
    await mortal.query('SELECT 1');
    await until(() => mortal.stats.total === 0);
    expect(endless.stats.free).toBe(1);
    expect(removed).toEqual([]);
  });
});
