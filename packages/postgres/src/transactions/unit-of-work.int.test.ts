import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import { Query } from 'pg';
import type { EntityManager } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import type { TransactionEvent } from '../events/postgres-events';
import { rejection, until } from '../test/settings';
import {
  createTables,
  debit,
  openSource,
  readBalance,
  readBalances,
  resetTables,
  withClient,
} from '../test/transfers';
import { outcomeLedger } from './outcome-ledger';
import { TransactionAbortedError } from './transaction-aborted-error';
import { createUnitOfWork } from './unit-of-work';

describe('a unit of work', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  it('commits what the work has written, and resolves with what it resolved with', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource);
    const result = await unitOfWork.run(async (manager, { attempt }) => {
      await debit(manager);
      return attempt;
    });
    expect(result).toBe(1);
    expect(await readBalance(server.url)).toBe(90);
    expect(readPoolStats(source.dataSource)).toMatchObject({ used: 0, free: 1 });
  });

  it('tells the work of its transaction by an object without accessors of its own', async () => {
    // Each would be a hidden class in the old space of V8, which keeps what its accessors refer to: the transaction, and its connection.
    await using source = await openSource(server.url);
    const accessors = await createUnitOfWork(source.dataSource).run(async (_manager, transaction) => {
      const own = Object.entries(Object.getOwnPropertyDescriptors(transaction));
      return own.filter(([, { get }]) => get !== undefined).map(([name]) => name);
    });
    expect(accessors).toEqual([]);
  });

  it('rolls back when the work throws, rejects with that, and pools the connection', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource);
    const failure = new Error('out of stock');
    let pid: unknown;
    const error = await rejection(
      unitOfWork.run(async (manager) => {
        [{ pid }] = await manager.query('SELECT pg_backend_pid() AS pid');
        await debit(manager);
        throw failure;
      }),
    );
    expect(error).toBe(failure);
    expect(await readBalance(server.url)).toBe(100);
    const [next] = await source.dataSource.query('SELECT pg_backend_pid() AS pid');
    expect(next.pid).toBe(pid);
  });

  it('refuses to commit when an error was swallowed, and names it', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource);
    const error = await rejection(
      unitOfWork.run(async (manager) => {
        await debit(manager);
        await manager.query('SELECT 1 / 0').catch(() => {});
      }),
    );
    expect(error).toBeInstanceOf(TransactionAbortedError);
    expect(error.cause).toMatchObject({ code: '22012' });
    expect(readPhase(error)).toBe('in-transaction');
    expect(await readBalance(server.url)).toBe(100);
  });

  it('keeps what a savepoint saved, and what came before one that was rolled back', async () => {
    await using source = await openSource(server.url);
    await createUnitOfWork(source.dataSource).run(async (manager) => {
      await debit(manager, 1);
      await manager.transaction((inner) => debit(inner, 2));
      await rejection(
        manager.transaction(async (inner) => {
          await debit(inner, 3);
          await inner.query('SELECT 1 / 0');
        }),
      );
    });
    expect((await readBalances(server.url)).slice(0, 3)).toEqual([90, 90, 100]);
  });

  it.each(['COMMIT', 'END', 'ROLLBACK', 'ABORT'])('lets the work not end it by %s', async (statement) => {
    await using source = await openSource(server.url);
    const error = await rejection(
      createUnitOfWork(source.dataSource).run(async (manager) => {
        await debit(manager);
        await manager.query(statement);
      }),
    );
    expect(error).toMatchObject({ driverError: { code: 'TRANSACTION_CONTROL' } });
    expect(await readBalance(server.url)).toBe(100);
  });

  it('runs in the isolation level and mode that were asked for', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource);
    const readModes = async (manager: EntityManager) => {
      const [row] = await manager.query(`
        SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS "readOnly"
      `);
      return row;
    };
    expect(await unitOfWork.run(readModes)).toEqual({ isolation: 'read committed', readOnly: 'off' });
    expect(await unitOfWork.run(readModes, { isolation: 'SERIALIZABLE', readOnly: true })).toEqual({
      isolation: 'serializable',
      readOnly: 'on',
    });
    expect(await unitOfWork.run(readModes, { isolation: 'REPEATABLE READ' })).toEqual({
      isolation: 'repeatable read',
      readOnly: 'off',
    });
  });

  it('refuses a write in a read-only transaction once and for all, and keeps the connection', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource);
    const readPid = (manager: EntityManager) => manager.query('SELECT pg_backend_pid() AS pid');
    const pid = await unitOfWork.run(readPid, { readOnly: true });
    let attempts = 0;
    const error = await rejection(
      unitOfWork.run(
        (manager) => {
          attempts += 1;
          return debit(manager);
        },
        { readOnly: true },
      ),
    );
    expect(error).toMatchObject({ code: 'READ_ONLY_TRANSACTION' });
    expect(attempts).toBe(1);
    expect(await unitOfWork.run(readPid)).toEqual(pid);
  });

  it('lets a transaction lock a table before it sees anything', async () => {
    await using source = await openSource(server.url);
    const seen = await createUnitOfWork(source.dataSource).run(
      async (manager) => {
        await manager.query('SAVEPOINT a');
        await withClient(server.url, (client) =>
          client.query('UPDATE accounts SET balance = 1 WHERE id = 1'),
        );
        await manager.query('LOCK TABLE accounts IN SHARE MODE');
        const [row] = await manager.query('SELECT balance FROM accounts WHERE id = 1');
        return row.balance;
      },
      { isolation: 'REPEATABLE READ' },
    );
    expect(seen).toBe(1);
  });

  it('runs a serialization failure again, each time in a new transaction', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { baseDelayMs: 1, maxAttempts: 20 } });
    let attempts = 0;
    let readers = 0;
    await Promise.all(
      [1, 2, 3].map(() =>
        unitOfWork.run(
          async (manager, { attempt }) => {
            attempts += 1;
            const [{ balance }] = await manager.query('SELECT balance FROM accounts WHERE id = 1');
            readers += 1;
            // All have read before the first writes.
            if (attempt === 1) await until(() => readers >= 3);
            await manager.query('UPDATE accounts SET balance = $1 WHERE id = 1', [balance - 10]);
          },
          { isolation: 'SERIALIZABLE' },
        ),
      ),
    );
    expect(await readBalance(server.url)).toBe(70);
    expect(attempts).toBeGreaterThan(3);
  });

  it('releases the connection of a failed attempt before it waits for the next', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { baseDelayMs: 200, jitter: false } });
    let attempts = 0;
    const run = unitOfWork.run(async (manager) => {
      attempts += 1;
      if (attempts === 1) await manager.query(`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`);
      await debit(manager);
    });
    await until(() => attempts === 1);
    await source.dataSource.query('SELECT 1');
    expect(attempts).toBe(1);
    await run;
    expect(await readBalance(server.url)).toBe(90);
  });

  it('runs hooks after the commit, once, in order, and only those of the attempt that was committed', async () => {
    await using source = await openSource(server.url);
    const warnings: unknown[] = [];
    const log = (message: string) => warnings.push(message);
    const logger = { debug() {}, info() {}, warn: log, error: log };
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { baseDelayMs: 1 }, logger });
    const told: string[] = [];
    await unitOfWork.run(async (manager, { attempt, afterCommit }) => {
      afterCommit(async () => told.push(`first of ${attempt}, balance ${await readBalance(server.url)}`));
      afterCommit(() => {
        throw new Error('a broken hook');
      });
      afterCommit(() => told.push(`last of ${attempt}`));
      await debit(manager);
      if (attempt === 1) await manager.query(`DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$`);
    });
    expect(told).toEqual(['first of 2, balance 90', 'last of 2']);
    expect(warnings).toContain('A hook failed after its transaction was committed');
    await rejection(
      unitOfWork.run(async (_manager, { afterCommit }) => {
        afterCommit(() => told.push('never'));
        throw new Error('no');
      }),
    );
    expect(told).toHaveLength(2);
  });

  it('takes nothing but a function for a hook', async () => {
    await using source = await openSource(server.url);
    const error = await rejection(
      createUnitOfWork(source.dataSource).run(async (_manager, { afterCommit }) => {
        afterCommit('publish' as never);
      }),
    );
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'afterCommit' });
  });

  it('tells how it ended, after how many attempts', async () => {
    await using source = await openSource(server.url);
    const events: TransactionEvent[] = [];
    readEvents(source.dataSource).on('transaction', (event) => events.push(event));
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { baseDelayMs: 1 } });
    await unitOfWork.run(async (manager, { attempt }) => {
      if (attempt === 1) await manager.query(`DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$`);
    });
    await rejection(unitOfWork.run(() => Promise.reject(new Error('no'))));
    expect(events).toMatchObject([
      { outcome: 'committed', attempts: 2, resolvedBy: undefined },
      { outcome: 'rolled-back', attempts: 1, error: { message: 'no' } },
    ]);
  });

  describe('costs', () => {
    const UNWATCHED = { witness: false };

    /** Round trips of a unit of work with two statements, after everything was prepared. */
    async function countRoundTrips(options: object, run: object = {}): Promise<number> {
      await using proxy = await openProxy(server);
      await using source = await openSource(proxy.urlThrough(server.url), { min: 1, max: 1 });
      const unitOfWork = createUnitOfWork(source.dataSource, options);
      const work = async (manager: EntityManager) => {
        await manager.query('UPDATE accounts SET balance = balance WHERE id = $1', [1]);
        await manager.query('UPDATE accounts SET balance = balance WHERE id = $1', [2]);
      };
      // The witness opens in the background of the first, and is seen by what is asked once it watches.
      let isWatched = 'witness' in options;
      proxy.onMessage(({ text }) => {
        isWatched ||= text?.includes('pg_current_xact_id') ?? false;
      });
      do {
        await unitOfWork.run(work, run);
      } while (!isWatched);
      // The statements have been prepared by the third time.
      await unitOfWork.run(work, run);
      await unitOfWork.run(work, run);
      proxy.resetCounts();
      await unitOfWork.run(work, run);
      return proxy.counts.roundTrips;
    }

    it('no round trip more than the statements and COMMIT: BEGIN goes with the first', async () => {
      expect(await countRoundTrips(UNWATCHED)).toBe(3);
      expect(await countRoundTrips({})).toBe(3);
      expect(await countRoundTrips({}, { deadline: 10_000, isolation: 'SERIALIZABLE' })).toBe(3);
      expect(await countRoundTrips(UNWATCHED, { wasApplied: async () => true })).toBe(3);
      const ledger = outcomeLedger();
      await withClient(server.url, (client) => client.query(ledger.createStatement));
      expect(await countRoundTrips({ ...UNWATCHED, ledger })).toBe(3);
    });

    it('one round trip for statements that wait for nothing, also behind one that had the connection to itself', async () => {
      await using proxy = await openProxy(server);
      await using source = await openSource(proxy.urlThrough(server.url), { min: 1, max: 1 });
      const trips = await createUnitOfWork(source.dataSource, UNWATCHED).run(async (manager) => {
        const client = await manager.queryRunner?.connect();
        await new Promise<void>((resolve, reject) => {
          const query = new Query('SELECT 1');
          query.on('end', () => resolve());
          query.on('error', reject);
          client.query(query);
        });
        proxy.resetCounts();
        await Promise.all(['SELECT 1', 'SELECT 2', 'SELECT 3'].map((text) => manager.query(text)));
        return proxy.counts.roundTrips;
      });
      expect(trips).toBe(1);
    });
  });
});
