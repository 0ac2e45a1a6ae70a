import { openProxy } from '@holdfast/local-postgres';
import { classify, readPhase, withDatabaseRetry } from '@holdfast/resilience/postgres';
import pg from 'pg';
import { openPool, rejection, settle, until } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import { withClient } from '../test/transfers';
import { TransactionAbortedError } from '../transactions/transaction-aborted-error';

describe('the hold on a connection', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  describe('after it was given back', () => {
    it('refuses statements in every form', async () => {
      await using pool = openPool(database.url, { max: 1 });
      const client = await pool.acquire();
      client.release();
      const refusal = { code: 'CONNECTION_RELEASED' };
      expect(await rejection(client.query('SELECT 1'))).toMatchObject(refusal);
      expect(await rejection(client.query({ text: 'SELECT $1', values: [1] }))).toMatchObject(refusal);
      expect(await new Promise((resolve) => client.query('SELECT 1', resolve))).toMatchObject(refusal);
      expect(() => client.query(new pg.Query('SELECT 1'))).toThrow(expect.objectContaining(refusal));
    });

    /** A statement that comes too late, while the next holder is in a transaction which it rolls back. */
    async function writeLate(pool: pg.Pool) {
      await pool.query('DROP TABLE IF EXISTS late');
      await pool.query('CREATE TABLE late (id int)');
      const first = await pool.connect();
      first.release();
      const second = await pool.connect();
      await second.query('BEGIN');
      const outcome = await settle(first.query('INSERT INTO late VALUES (1)'));
      await second.query('ROLLBACK');
      second.release();
      return { outcome, ...(await pool.query('SELECT count(*)::int AS kept FROM late')).rows[0] };
    }

    it('keeps a late statement out of the next transaction, where plain it vanishes with that', async () => {
      await using ours = openPool(database.url, { max: 1 });
      expect(await writeLate(ours)).toMatchObject({ outcome: { code: 'CONNECTION_RELEASED' }, kept: 0 });
      const plain = new pg.Pool({ connectionString: database.url, max: 1 });
      expect(await writeLate(plain)).toEqual({ outcome: 'done', kept: 0 });
      await plain.end();
    });
  });

  describe('on a transaction that has failed', () => {
    it('refuses COMMIT without sending it, and ROLLBACK makes it usable again', async () => {
      await using proxy = await openProxy(database.server);
      await using pool = openPool(proxy.urlThrough(database.url));
      const client = await pool.acquire();
      await client.query('BEGIN');
      const first = await rejection(client.query('SELECT 1/0'));
      await rejection(client.query('SELECT 1'));
      proxy.resetCounts();
      const refusal = await rejection(client.query('COMMIT'));
      expect(refusal).toBeInstanceOf(TransactionAbortedError);
      expect(refusal.cause).toBe(first);
      expect(readPhase(refusal)).toBe('in-transaction');
      expect(proxy.counts.roundTrips).toBe(0);
      await client.query('ROLLBACK');
      await client.query('BEGIN');
      await expect(client.query('COMMIT')).resolves.toMatchObject({ command: 'COMMIT' });
      client.release();
    });

    /** COMMIT is on its way before the failure is known. */
    async function commitInOneGo(client: pg.PoolClient) {
      await client.query('BEGIN');
      const failing = settle(client.query('SELECT 1/0'));
      const commit = client.query('COMMIT').then(
        ({ command }) => command,
        (error: unknown) => error,
      );
      await failing;
      const answer = await commit;
      client.release();
      return answer;
    }

    it('tells that a COMMIT was answered with a rollback, which plain looks like success', async () => {
      await using ours = openPool(database.url);
      expect(await commitInOneGo(await ours.acquire())).toMatchObject({
        code: 'TRANSACTION_ABORTED',
        cause: { code: '22012' },
      });
      const plain = new pg.Pool({ connectionString: database.url });
      expect(await commitInOneGo(await plain.connect())).toBe('ROLLBACK');
      await plain.end();
    });
  });

  describe('on a connection that breaks', () => {
    /** Runs statements through a proxy that resets the connection after the server got the one with this text. */
    async function breakAfter(text: string, statements: readonly string[]): Promise<Error> {
      await using proxy = await openProxy(database.server);
      proxy.onMessage((message) =>
        message.direction === 'frontend' && message.text === text ? 'cut-after' : undefined,
      );
      await using pool = openPool(proxy.urlThrough(database.url));
      const client = await pool.acquire();
      try {
        for (const statement of statements) await client.query(statement);
      } catch (error) {
        return error as Error;
      } finally {
        client.release();
      }
      throw new Error('A rejection was expected');
    }

    it('marks a lost COMMIT, whose outcome is unknown', async () => {
      const error = await breakAfter('COMMIT', ['BEGIN', 'SELECT 1', 'COMMIT']);
      expect(error).toMatchObject({ name: 'ConnectionLostError', code: 'ECONNRESET' });
      expect(readPhase(error)).toBe('commit');
      expect(classify(error, readPhase(error))).toMatchObject({ verdict: 'unknown', applied: 'unknown' });
    });

    it.each([
      ['BEGIN', ['BEGIN']],
      ['SELECT 2', ['BEGIN', 'SELECT 2', 'COMMIT']],
      ['ROLLBACK', ['BEGIN', 'ROLLBACK']],
    ])('marks a lost %s, after which nothing was applied', async (text, statements) => {
      const error = await breakAfter(text, statements);
      expect(error).toMatchObject({ name: 'ConnectionLostError', code: 'ECONNRESET' });
      expect(readPhase(error)).toBe('in-transaction');
      expect(classify(error, readPhase(error))).toMatchObject({
        verdict: 'retry-transaction',
        applied: 'no',
      });
    });

    it('leaves a lost single statement unmarked: whether it writes is for its caller to say', async () => {
      const error = await breakAfter('SELECT 1', ['SELECT 1']);
      expect(error).toMatchObject({ name: 'ConnectionLostError', code: 'ECONNRESET' });
      expect(readPhase(error)).toBeUndefined();
      expect(classify(error).verdict).toBe('retry-if-idempotent');
    });

    describe('over one text that opens a transaction and commits it', () => {
      const DEBIT = 'BEGIN; UPDATE purse SET money = money - 10; COMMIT';
      beforeEach(() =>
        withClient(database.url, (client) =>
          client.query('DROP TABLE IF EXISTS purse; CREATE TABLE purse AS SELECT 100 AS money'),
        ),
      );
      const readMoney = () =>
        withClient(database.url, async (client) => {
          const { rows } = await client.query('SELECT money FROM purse');
          return rows[0].money;
        });

      it('does not mark it: the COMMIT in it may have arrived', async () => {
        const error = await breakAfter(DEBIT, [DEBIT]);
        expect(error).toMatchObject({ name: 'ConnectionLostError', code: 'ECONNRESET' });
        expect(readPhase(error)).toBeUndefined();
        expect(classify(error)).toMatchObject({ verdict: 'retry-if-idempotent', applied: 'unknown' });
      });

      it('is not run again by a retry', async () => {
        let attempts = 0;
        const error = await rejection(
          withDatabaseRetry(async () => {
            attempts += 1;
            throw await breakAfter(DEBIT, [DEBIT]);
          }),
        );
        expect(error).toMatchObject({ name: 'ConnectionLostError' });
        expect(attempts).toBe(1);
        await until(async () => (await readMoney()) === 90);
      });

      it('is run twice by whoever tries again', async () => {
        for (let attempt = 0; attempt < 2; attempt += 1) await breakAfter(DEBIT, [DEBIT]);
        await until(async () => (await readMoney()) === 80);
      });
    });

    it('sends nothing on one that is known to be lost, and says why it was', async () => {
      await using pool = openPool(database.url);
      const client = await pool.acquire();
      await database.endSession(client);
      const error = await rejection(client.query('INSERT INTO nowhere VALUES (1)'));
      expect(error).toMatchObject({ code: '57P01' });
      expect(readPhase(error)).toBe('acquire');
      expect(classify(error, readPhase(error)).verdict).toBe('retry');
      client.release();
    });
  });
});
