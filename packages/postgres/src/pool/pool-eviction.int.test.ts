import { openProxy } from '@holdfast/local-postgres';
import pg from 'pg';
import { createPostgresEmitter, type RemovalReason } from '../events/postgres-events';
import { openPool, rejection, settings, until } from '../test/settings';
import { openTestServer, readPid, type TestServer } from '../test/test-server';
import { HoldfastPool } from './pool';

/** What both pools can do. */
type AnyPool = pg.Pool;

describe('a connection that nobody else may have', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  /** Runs the same misfortune on a pool of one connection: ours, and node-postgres' own. */
  async function compare<T>(run: (pool: AnyPool) => Promise<T>) {
    const events = createPostgresEmitter();
    const reasons: RemovalReason[] = [];
    events.on('remove', ({ reason }) => reasons.push(reason));
    const config = { connectionString: database.url };
    const ours = new HoldfastPool(config, { settings: { ...settings, max: 1 }, events });
    const plain = new pg.Pool({ ...config, max: 1 });
    plain.on('error', () => {});
    try {
      const withOurs = await run(ours);
      // The next caller may be served before the old connection has said that it is gone.
      await until(() => reasons.length > 0);
      const decided = [...reasons];
      return { ours: withOurs, plain: await run(plain), reasons: decided };
    } finally {
      await Promise.all([ours.end(), plain.end()]);
    }
  }

  /** What a promise comes to: `done`, or the code or message of its error. */
  async function outcome(promise: Promise<unknown>): Promise<string> {
    try {
      await promise;
      return 'done';
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return code ?? message;
    }
  }

  it('is one whose backend was ended during a query: the next caller does not fail by it', async () => {
    const { ours, plain, reasons } = await compare(async (pool) => {
      const client = await pool.connect();
      client.on('error', () => {});
      const pid = await readPid(client);
      // It goes back in the very moment its query fails, while its socket is still open.
      const failed = outcome(client.query('SELECT pg_sleep(600)')).finally(() => client.release());
      const next = outcome(pool.query('SELECT 1'));
      await database.endBackend(pid);
      return [await failed, await next];
    });
    expect(ours).toEqual(['57P01', 'done']);
    // Control: one end of a backend fails two callers, the second by whatever the socket says.
    expect(plain[0]).toBe('57P01');
    expect(plain[1]).not.toBe('done');
    expect(reasons).toEqual(['lost']);
  });

  it('is one inside a transaction: the next write does not vanish with it', async () => {
    const { ours, plain, reasons } = await compare(async (pool) => {
      await pool.query('DROP TABLE IF EXISTS written');
      await pool.query('CREATE TABLE written (id int)');
      const client = await pool.connect();
      await client.query('BEGIN');
      client.release();
      const written = await outcome(pool.query('INSERT INTO written VALUES (1)'));
      return { written, kept: await countWritten() };
    });
    expect(ours).toEqual({ written: 'done', kept: 1 });
    // Control: reported as written, and not there.
    expect(plain).toEqual({ written: 'done', kept: 0 });
    expect(reasons).toEqual(['in-transaction']);
  });

  it('is one inside a failed transaction: the next statement is not refused', async () => {
    const { ours, plain, reasons } = await compare(async (pool) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await rejection(client.query('SELECT 1/0'));
      // The status of the transaction follows its error.
      await rejection(client.query('SELECT 1'));
      client.release();
      return await outcome(pool.query('SELECT 1'));
    });
    expect(ours).toBe('done');
    expect(plain).toBe('25P02');
    expect(reasons).toEqual(['in-transaction']);
  });

  it('is one on which a statement still runs: what that begins is not left to the next caller', async () => {
    const { ours, plain, reasons } = await compare(async (pool) => {
      await pool.query('DROP TABLE IF EXISTS written');
      await pool.query('CREATE TABLE written (id int)');
      const client = await pool.connect();
      client.query('BEGIN').catch(() => {});
      client.release();
      const written = await outcome(pool.query('INSERT INTO written VALUES (1)'));
      return { written, kept: await countWritten() };
    });
    expect(ours).toEqual({ written: 'done', kept: 1 });
    expect(plain).toEqual({ written: 'done', kept: 0 });
    expect(reasons).toEqual(['busy']);
  });

  it('is one that refused a write as read-only: the next write goes to a connection that may write', async () => {
    const { ours, plain, reasons } = await compare(async (pool) => {
      await pool.query('DROP TABLE IF EXISTS written');
      await pool.query('CREATE TABLE written (id int)');
      const client = await pool.connect();
      await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
      const refused = await outcome(client.query('INSERT INTO written VALUES (1)'));
      client.release();
      return [refused, await outcome(pool.query('INSERT INTO written VALUES (1)'))];
    });
    expect(ours).toEqual(['25006', 'done']);
    expect(plain).toEqual(['25006', '25006']);
    expect(reasons).toEqual(['read-only']);
  });

  it('is not one whose statement failed for a reason of its own', async () => {
    const events = createPostgresEmitter();
    const reasons: RemovalReason[] = [];
    events.on('remove', ({ reason }) => reasons.push(reason));
    await using proxy = await openProxy(database.server);
    await using pool = openPool(proxy.urlThrough(database.url), { max: 1 }, { events });
    const pid = await readPid(pool);
    let isFailed = false;
    let isHeld = false;
    proxy.onMessage(({ direction, type }) => {
      if (direction !== 'backend') return undefined;
      isHeld = isFailed && type === 'Z';
      isFailed = type === 'E';
      return isHeld ? 'freeze' : undefined;
    });
    for (const text of ['SELECT 1/0', 'SELECT nothing', 'syntax error']) {
      const client = await pool.acquire();
      // It goes back before the server has said that it is ready again.
      await rejection(client.query(text));
      client.release();
      await until(() => isHeld);
      proxy.thaw();
    }
    expect(await readPid(pool)).toBe(pid);
    expect(reasons).toEqual([]);
  });

  it('is every one of a server that stops at once, and the caller hears why', async () => {
    const stopped = await openTestServer();
    try {
      await using pool = openPool(stopped.url);
      const [running, idle] = [await pool.acquire(), await pool.acquire()];
      idle.release();
      const failed = rejection(running.query('SELECT pg_sleep(600)'));
      await until(async () => {
        const { rows } = await stopped.admin.query(
          `SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'`,
        );
        return rows.length === 2;
      });
      await stopped.server.halt('immediate');
      // Told in a notice, and then the socket ends: the notice is what names the cause.
      expect(await failed).toMatchObject({ name: 'ConnectionLostError', code: '57P01' });
      running.release();
      await until(() => pool.stats.total === 0);
      await stopped.server.resume();
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    } finally {
      await stopped[Symbol.asyncDispose]();
    }
  });

  async function countWritten(): Promise<number> {
    await using other = openPool(database.url, { max: 1 });
    const { rows } = await other.query<{ count: number }>('SELECT count(*)::int AS count FROM written');
    return rows[0]?.count ?? -1;
  }
});
