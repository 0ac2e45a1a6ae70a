import { openTemporaryServer } from '@holdfast/local-postgres';
import { isTransient, readPhase } from '@holdfast/resilience/postgres';
import { openPool, rejection, until } from '../test/settings';
import { openSilentServer } from '../test/silent-server';
import { openTestServer, type TestServer } from '../test/test-server';
import { PoolExhaustedError } from './pool-error';

describe('the pool', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await openTestServer();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  // A backend lives a moment longer than its socket, and must not count for the next test.
  afterEach(() => until(async () => (await server.countBackends()) === 0));

  describe('its size', () => {
    it('is filled to the minimum after the first connection, and not before', async () => {
      await using pool = openPool(server.url, { min: 3, max: 5 });
      expect(pool.stats.total).toBe(0);
      await pool.query('SELECT 1');
      await until(() => pool.stats.free === 3);
      expect(await server.countBackends()).toBe(3);
    });

    it('is refilled when the server ends idle connections', async () => {
      await using pool = openPool(server.url, { min: 3, max: 5 });
      pool.on('error', () => {});
      await pool.query('SELECT 1');
      await until(() => pool.stats.free === 3);
      let removed = 0;
      pool.on('remove', () => {
        removed += 1;
      });
      await server.admin.query(`
        SELECT pg_terminate_backend(pid)
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      `);
      await until(() => removed === 3 && pool.stats.free === 3);
      expect(await server.countBackends()).toBe(3);
    });

    it('never exceeds the maximum with 50 callers, and serves all of them in order', async () => {
      await using pool = openPool(server.url, { max: 3 });
      let most = 0;
      const served: number[] = [];
      await Promise.all(
        Array.from({ length: 50 }, async (_, caller) => {
          const client = await pool.acquire();
          served.push(caller);
          most = Math.max(most, pool.stats.used, pool.stats.total, await server.countBackends());
          await client.query('SELECT pg_sleep(0.005)');
          client.release();
        }),
      );
      expect(most).toBe(3);
      expect(served).toHaveLength(50);
      // The first three each wait for a connection of their own to open; the others queue.
      const queued = served.filter((caller) => caller >= 3);
      expect(queued).toEqual(queued.toSorted((a, b) => a - b));
      expect(pool.stats).toMatchObject({ used: 0, free: 3, total: 3, waiting: 0, utilization: 0 });
    });

    it('shrinks to the minimum after the idle time', async () => {
      await using pool = openPool(server.url, { min: 1, max: 4, idleMs: 50 });
      const clients = await Promise.all([1, 2, 3, 4].map(() => pool.acquire()));
      expect(pool.stats.utilization).toBe(1);
      for (const client of clients) client.release();
      await until(() => pool.stats.total === 1);
      await until(async () => (await server.countBackends()) === 1);
    });
  });

  describe('waiting for a connection', () => {
    it('ends with a typed error when the acquire time is over, and the queue forgets the caller', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const held = await pool.acquire();
      const late = { acquireMs: 50 };
      const errors = await Promise.all([rejection(pool.acquire(late)), rejection(pool.acquire(late))]);
      for (const error of errors) {
        expect(error).toBeInstanceOf(PoolExhaustedError);
        expect(error).toMatchObject({ code: 'POOL_EXHAUSTED', used: 1, max: 1 });
        expect((error as PoolExhaustedError).waitedMs).toBeGreaterThan(0);
        expect(readPhase(error)).toBe('acquire');
      }
      expect(pool.stats.waiting).toBe(0);
      held.release();
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    });

    it('succeeds when a connection is returned in time', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const held = await pool.acquire();
      const next = pool.acquire();
      expect(pool.stats.waiting).toBe(1);
      held.release();
      (await next).release();
      expect(pool.stats.total).toBe(1);
    });

    it('works through callbacks, as TypeORM asks', async () => {
      await using pool = openPool(server.url);
      const rows = await new Promise((resolve, reject) => {
        pool.connect((error, client, release) => {
          if (!client) return reject(error);
          client.query('SELECT 1 AS one').then((result) => {
            release();
            resolve(result.rows);
          }, reject);
        });
      });
      expect(rows).toEqual([{ one: 1 }]);
      await until(() => pool.stats.used === 0);
    });
  });

  describe('opening a connection', () => {
    it('sets the statement timeout only when one is given', async () => {
      const ask = `SELECT current_setting('statement_timeout') AS value`;
      await using limited = openPool(server.url, {}, { statementTimeoutMs: 4321 });
      await using unlimited = openPool(server.url);
      expect((await limited.query(ask)).rows).toEqual([{ value: '4321ms' }]);
      expect((await unlimited.query(ask)).rows).toEqual([{ value: '0' }]);
    });

    it('fails at once on a refused login', async () => {
      const role = 'locked_out';
      await server.admin.query(`CREATE ROLE ${role} NOLOGIN`);
      const url = new URL(server.url);
      url.username = role;
      await using pool = openPool(url.href, { acquireMs: 2 ** 31 - 1 });
      let openings = 0;
      const { newClient } = pool as unknown as { newClient(this: unknown, item: unknown): void };
      Object.assign(pool, {
        newClient(item: unknown) {
          openings += 1;
          newClient.call(pool, item);
        },
      });
      expect(await rejection(pool.acquire())).toMatchObject({ code: expect.stringMatching(/^28/) });
      expect(openings).toBe(1);
    });

    it('is cut after the create time when the server accepts and says nothing', async () => {
      await using silent = await openSilentServer();
      await using pool = openPool(`postgres://app@127.0.0.1:${silent.port}/app`, {
        createMs: 60,
        createRetryMs: 10_000,
        acquireMs: 1500,
      });
      const error = await rejection(pool.acquire());
      expect(error.message).toBe('Connection terminated due to connection timeout');
      expect(isTransient(error)).toBe(true);
      await until(() => silent.sockets.size === 0);
      expect(pool.stats).toMatchObject({ total: 0, used: 0, waiting: 0 });
    });

    it('tells a connection that was not opened in time from a pool that is full', async () => {
      await using silent = await openSilentServer();
      await using pool = openPool(`postgres://app@127.0.0.1:${silent.port}/app`, { acquireMs: 50 });
      expect(await rejection(pool.acquire())).toMatchObject({ code: 'CONNECT_TIMEOUT', limitMs: 50 });
    });
  });

  describe('giving a connection back', () => {
    it('closes one that is inside a transaction, so that the next write is not lost', async () => {
      await using pool = openPool(server.url, { max: 1 });
      await pool.query('CREATE TABLE kept (id int)');
      const careless = await pool.acquire();
      await careless.query('BEGIN');
      careless.release();
      await pool.query('INSERT INTO kept VALUES (1)');
      await using other = openPool(server.url);
      expect((await other.query('SELECT id FROM kept')).rows).toEqual([{ id: 1 }]);
    });

    it('keeps one that is not', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const pid = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
      expect(await pid()).toBe(await pid());
    });

    it('closes one whose backend was ended during a query, so that the next caller does not fail by it', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const client = await pool.acquire();
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      // The client goes back in the very moment its query fails, while its socket is still open.
      const failed = client.query('SELECT pg_sleep(600)').catch((error: unknown) => {
        client.release();
        return error;
      });
      const next = pool.query('SELECT 1 AS one');
      await server.admin.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      expect(await failed).toMatchObject({ code: '57P01', severity: 'FATAL' });
      await expect(next).resolves.toMatchObject({ rows: [{ one: 1 }] });
    });

    it('twice leaves it with whoever has got it since', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const first = await pool.acquire();
      first.release();
      const second = await pool.acquire();
      expect(() => first.release()).toThrow('was given back to the pool before');
      expect(pool.stats).toMatchObject({ used: 1, free: 0 });
      const third = pool.acquire();
      await expect(second.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
      expect(pool.stats).toMatchObject({ used: 1, waiting: 1 });
      second.release();
      (await third).release();
    });

    it('survives the end of a connection in use that nobody listens to', async () => {
      await using pool = openPool(server.url);
      const client = await pool.acquire();
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      const ended = new Promise((resolve) => client.once('end', resolve));
      await server.admin.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await ended;
      client.release();
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    });
  });

  it('prints no password', async () => {
    await using pool = openPool('postgres://app:hunter2@127.0.0.1:1/app');
    expect(JSON.stringify(pool.options)).not.toContain('hunter2');
  });
});

describe('the pool of a server that goes away', () => {
  it('opens a connection when the server is back within the acquire time', async () => {
    const server = await openTemporaryServer();
    try {
      await using pool = openPool(server.url, { acquireMs: 50_000 });
      pool.on('error', () => {});
      await pool.query('SELECT 1');
      await server.halt();
      await until(() => pool.stats.total === 0);
      const waiting = pool.acquire();
      await until(() => pool.stats.waiting === 1 && pool.stats.total === 0);
      await server.resume();
      const client = await waiting;
      await expect(client.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
      client.release();
    } finally {
      await server.stop();
    }
  });

  it('reports why no connection could be opened when the server stays away', async () => {
    const server = await openTemporaryServer();
    try {
      await using pool = openPool(server.url, { acquireMs: 300 });
      pool.on('error', () => {});
      await pool.query('SELECT 1');
      await server.halt();
      await until(() => pool.stats.total === 0);
      expect(await rejection(pool.acquire())).toMatchObject({ code: 'ECONNREFUSED' });
    } finally {
      await server.stop();
    }
  });

  it('says so at once when the server was never there, however long a caller may wait', async () => {
    await using silent = await openSilentServer();
    const { port } = silent;
    await silent[Symbol.asyncDispose]();
    await using pool = openPool(`postgres://app@127.0.0.1:${port}/app`, { acquireMs: 2 ** 31 - 1 });
    expect(await rejection(pool.acquire())).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
