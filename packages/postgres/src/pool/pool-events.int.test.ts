import { openProxy } from '@holdfast/local-postgres';
import { createPostgresEmitter, type PostgresEvents } from '../events/postgres-events';
import { openPool, rejection, until } from '../test/settings';
import { openTestServer, readPid, type TestServer } from '../test/test-server';

type Name = keyof PostgresEvents;

const NAMES: readonly Name[] = [
  'connect',
  'connectFailed',
  'acquire',
  'acquireFailed',
  'release',
  'remove',
  'leak',
  'error',
  'operation',
];

describe('what the pool tells', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  /** Notes every event in order. */
  function listen() {
    const events = createPostgresEmitter();
    const told: { [N in Name]: { name: N; event: PostgresEvents[N] } }[Name][] = [];
    for (const name of NAMES) events.on(name, (event) => told.push({ name, event } as (typeof told)[number]));
    const read = <N extends Name>(name: N) =>
      told.flatMap((entry) => (entry.name === name ? [entry.event as PostgresEvents[N]] : []));
    return { events, told, read };
  }

  it('follows a connection through its life', async () => {
    const { events, told } = listen();
    const pool = openPool(database.url, {}, { events, name: 'replica' });
    const client = await pool.acquire();
    client.release();
    await pool.end();
    const ms = expect.any(Number);
    expect(told).toEqual([
      { name: 'connect', event: { pool: 'replica', createMs: ms } },
      { name: 'acquire', event: { pool: 'replica', waitMs: ms } },
      { name: 'release', event: { pool: 'replica', useMs: ms } },
      { name: 'remove', event: { pool: 'replica', reason: 'closing', ageMs: ms } },
    ]);
  });

  it('measures the opening, the wait, the use and the age', async () => {
    const { events, read } = listen();
    await using pool = openPool(database.url, { max: 1 }, { events });
    const client = await pool.acquire();
    const next = pool.acquire();
    await client.query('SELECT pg_sleep(0.06)');
    client.release();
    (await next).release(true);
    await until(() => read('remove').length === 1);
    const [connect, remove] = [read('connect')[0], read('remove')[0]];
    const [opened, queued] = read('acquire');
    const [used] = read('release');
    // A duration includes what happened within it.
    expect(connect?.createMs).toBeGreaterThan(0);
    expect(opened?.waitMs).toBeGreaterThanOrEqual(connect?.createMs ?? Number.NaN);
    expect(used?.useMs).toBeGreaterThanOrEqual(59);
    expect(queued?.waitMs).toBeGreaterThanOrEqual(59);
    expect(remove?.ageMs).toBeGreaterThanOrEqual((connect?.createMs ?? Number.NaN) + (used?.useMs ?? 0));
    expect(remove?.reason).toBe('caller');
  });

  it('tells of a connection that was idle for long, and of one that was lost', async () => {
    const { events, read } = listen();
    await using pool = openPool(database.url, { min: 1, idleMs: 30 }, { events });
    const clients = [await pool.acquire(), await pool.acquire()];
    const pids = await Promise.all(clients.map(readPid));
    for (const client of clients) client.release();
    await until(() => read('remove').length === 1);
    expect(read('remove')[0]?.reason).toBe('idle');
    for (const pid of pids) await database.endBackend(pid);
    await until(() => read('remove').length === 2);
    expect(read('remove')[1]?.reason).toBe('lost');
    expect(read('error')).toEqual([{ pool: 'primary', error: expect.objectContaining({ code: '57P01' }) }]);
    await until(() => pool.stats.free === 1);
    expect(read('connect')).toHaveLength(3);
  });

  it('tells of every opening that fails, whether for a caller or for the minimum', async () => {
    await using proxy = await openProxy(database.server);
    const { events, read } = listen();
    await using pool = openPool(proxy.urlThrough(database.url), { min: 1, max: 1 }, { events });
    const pid = await readPid(pool);
    proxy.refuse(true);
    await database.endBackend(pid);
    // Nobody waits: it is the refill that fails, and it fails once.
    await until(() => read('connectFailed').length === 1);
    const waiting = pool.acquire();
    await until(() => read('connectFailed').length >= 3);
    expect(read('acquire')).toHaveLength(1);
    proxy.refuse(false);
    (await waiting).release();
    expect(read('acquire')).toHaveLength(2);
    expect(read('acquireFailed')).toEqual([]);
    expect(read('connectFailed')[0]).toEqual({
      pool: 'primary',
      error: expect.objectContaining({ code: 'ECONNRESET' }),
    });
  });

  it('tells of every caller that got none, and why', async () => {
    const { events, read } = listen();
    const pool = openPool(database.url, { max: 1 }, { events });
    const held = await pool.acquire();
    const late = await rejection(pool.acquire({ acquireMs: 20 }));
    const reason = new Error('no longer wanted');
    await rejection(pool.acquire({ signal: AbortSignal.abort(reason) }));
    held.release();
    await pool.end();
    const closed = await rejection(pool.acquire());
    expect(read('acquireFailed').map(({ error }) => error)).toEqual([late, reason, closed]);
    expect(read('acquireFailed')[0]?.waitMs).toBeGreaterThanOrEqual(19);
  });

  it('tells of every statement: its text, its time, its rows, its error, and the wait only once', async () => {
    const { events, read } = listen();
    await using pool = openPool(database.url, { max: 1 }, { events });
    const client = await pool.acquire();
    await client.query('SELECT generate_series(1, $1::int)', [3]);
    const error = await rejection(client.query('/* who */ select 1/0'));
    client.release();
    const [selected, failed] = read('operation');
    expect(selected).toEqual({
      pool: 'primary',
      text: 'SELECT generate_series(1, $1::int)',
      operation: 'SELECT',
      startedAtMs: expect.any(Number),
      durationMs: expect.any(Number),
      waitMs: read('acquire')[0]?.waitMs,
      rowCount: 3,
      isPrepared: expect.any(Boolean),
      error: undefined,
    });
    expect(failed).toMatchObject({ operation: 'SELECT', waitMs: 0, rowCount: undefined });
    expect(failed?.error).toBe(error);
    expect(error).toMatchObject({ code: '22012' });
  });

  it('adds up: opened less removed is what there is, acquired less released is what is in use', async () => {
    const { events, read } = listen();
    const pool = openPool(database.url, { min: 2, max: 4, validateAfterMs: 0 }, { events });
    const differences: number[] = [];
    for (const name of ['acquire', 'release'] as const) {
      events.on(name, () =>
        differences.push(read('acquire').length - read('release').length - pool.stats.used),
      );
    }
    await Promise.all(
      Array.from({ length: 60 }, async (_, caller) => {
        const client = await pool.acquire();
        if (caller % 10 === 1) await client.query('BEGIN');
        if (caller % 10 === 2) await rejection(client.query('SELECT 1/0'));
        if (caller % 10 === 3) await database.endBackend(await readPid(client));
        client.release(caller % 10 === 4);
      }),
    );
    expect(differences).toEqual(Array.from({ length: 120 }, () => 0));
    // Six were given back in a transaction, six were ended by the server and six are broken, say their callers.
    await until(() => read('remove').length === 18);
    await until(() => read('connect').length - 18 === pool.stats.total);
    await pool.end();
    expect(read('connect').length).toBe(read('remove').length);
    expect(read('acquire').length).toBe(read('release').length);
  });
});
