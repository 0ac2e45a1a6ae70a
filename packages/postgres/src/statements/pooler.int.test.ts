import {
  isPgBouncerInstalled,
  openPgBouncer,
  openTemporaryServer,
  type PgBouncerMode,
} from '@holdfast/local-postgres';
import type { StructuredLogger } from '@holdfast/resilience';
import pg from 'pg';
import type { HoldfastPoolOptions } from '../pool/pool-options';
import { prepare, readHeldTexts } from '../test/prepared-statements';
import { openPool, rejection } from '../test/settings';

const isInstalled = isPgBouncerInstalled();
const reason = isInstalled ? '' : ' (skipped: pgbouncer is not installed)';

type Options = Omit<HoldfastPoolOptions, 'settings'>;

function openLog() {
  const warnings: (Readonly<Record<string, unknown>> & { message: string })[] = [];
  const ignore = () => {};
  const warn = (message: string, fields: object) => warnings.push({ message, ...fields });
  return { warnings, logger: { debug: ignore, info: ignore, warn, error: ignore } as StructuredLogger };
}

describe('what stands between the pool and the server', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  /** What sessions of a pool keep on the server, and what the pool warns of. */
  async function observe(url: string, options: Options) {
    const { warnings, logger } = openLog();
    await using pool = openPool(url, { max: 2 }, { logger, ...options });
    const client = await pool.acquire();
    const second = await pool.acquire();
    second.release();
    for (let use = 0; use < 3; use += 1) await client.query('SELECT $1::int AS one', [1]);
    const held = await readHeldTexts(client);
    const { rows } = await client.query('SHOW statement_timeout');
    client.release();
    return { prepares: held.length === 1, timeout: rows[0].statement_timeout, warnings };
  }

  describe('nothing', () => {
    it.each([
      [{}, true, '4s', 0],
      [{ pooler: 'none' }, true, '4s', 0],
      [{ pooler: 'session' }, true, '4s', 0],
      [{ pooler: 'transaction' }, false, '0', 1],
      [{ pooler: 'transaction-prepared' }, true, '0', 1],
      [{ maxPreparedStatements: 0 }, false, '4s', 0],
    ] as const)('with %j prepares: %s, has the timeout %s', async (options, prepares, timeout, count) => {
      const seen = await observe(server.url, { statementTimeoutMs: 4_000, ...options });
      expect(seen).toMatchObject({ prepares, timeout });
      expect(seen.warnings).toHaveLength(count);
    });

    it('is nothing to warn of when no timeout is lost', async () => {
      const { warnings } = await observe(server.url, { pooler: 'transaction' });
      expect(warnings).toEqual([]);
    });
  });

  (isInstalled ? describe : describe.skip)(`PgBouncer${reason}`, () => {
    const openPooler = (mode: PgBouncerMode, poolSize = 2) => openPgBouncer(server, { mode, poolSize });

    it.each(['session', 'transaction'] as const)(
      'in %s mode is detected, and the worst is assumed of it',
      async (mode) => {
        await using pooler = await openPooler(mode);
        const { warnings, ...seen } = await observe(pooler.url, { statementTimeoutMs: 4_000 });
        expect(seen).toEqual({ prepares: false, timeout: '0' });
        expect(warnings).toEqual([
          {
            message: expect.stringContaining('pooler'),
            pool: 'primary',
            detected: true,
            pooler: 'transaction',
            preparesStatements: false,
            setsStatementTimeout: false,
          },
        ]);
      },
    );

    it('in session mode serves prepared statements and a timeout to a pool that is told so', async () => {
      await using pooler = await openPooler('session');
      const options: Options = { pooler: 'session', statementTimeoutMs: 4_000 };
      expect(await observe(pooler.url, options)).toEqual({ prepares: true, timeout: '4s', warnings: [] });
      // PgBouncer discards what a client leaves behind, and the next one finds none of it.
      const next = new pg.Client(pooler.url);
      await next.connect();
      expect((await next.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
      await next.end();
    });

    it('is warned of where the setting says that there is none', async () => {
      await using pooler = await openPooler('session');
      const { warnings } = await observe(pooler.url, { pooler: 'none' });
      expect(warnings).toMatchObject([{ detected: true, pooler: 'none', preparesStatements: true }]);
    });

    it('in transaction mode gives right answers to many callers at once', async () => {
      await using pooler = await openPooler('transaction');
      await using pool = openPool(pooler.url, { max: 6 });
      const answers = await Promise.all(
        Array.from({ length: 300 }, async (_, index) => {
          const { rows } = await pool.query(`SELECT $1::int * ${index % 7} AS product`, [index]);
          return rows[0].product;
        }),
      );
      expect(answers).toEqual(Array.from({ length: 300 }, (_, index) => index * (index % 7)));
    });

    it('in transaction mode breaks the transactions of a pool that prepares nevertheless', async () => {
      await using pooler = await openPooler('transaction');
      await using pool = openPool(pooler.url, { max: 2 }, { pooler: 'session' });
      const text = 'SELECT $1::int AS one';
      const [client, other] = [await pool.acquire(), await pool.acquire()];
      const backendOf = async (holder: pg.PoolClient) =>
        (await holder.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
      await prepare(client, text, [1]);
      const backend = await backendOf(client);
      // Takes the only server connection there is so far, so that the next transaction gets another.
      await other.query('BEGIN');
      expect(await backendOf(other)).toBe(backend);
      await client.query('BEGIN');
      expect(await rejection(client.query(text, [1]))).toMatchObject({ code: '26000' });
      await client.query('ROLLBACK');
      await other.query('ROLLBACK');
      client.release();
      other.release();
    });

    it('in transaction mode gives statements of one name and two texts the wrong row', async () => {
      await using pooler = await openPooler('transaction', 1);
      const [first, second] = [new pg.Client(pooler.url), new pg.Client(pooler.url)];
      await Promise.all([first.connect(), second.connect()]);
      const name = 'lookup';
      const one = { name, text: `SELECT 'one' AS found WHERE $1 > 0`, values: [1] };
      const two = { name, text: `SELECT 'two' AS found WHERE $1 > 0`, values: [1] };
      try {
        await first.query(one);
        expect(await rejection(second.query(two))).toMatchObject({ code: '42P05' });
        await second.query('DEALLOCATE ALL');
        await second.query(two);
        // No error tells the first that it got the row of another statement.
        expect((await first.query(one)).rows).toEqual([{ found: 'two' }]);
      } finally {
        await Promise.all([first.end(), second.end()]);
      }
    });
  });
});
