import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { classify, readPhase } from '@holdfast/resilience/postgres';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import {
  type ComparedSettings,
  compareDataSources,
  createComparedDataSource,
  type Kind,
  readNotes,
  readPidOf,
} from '../test/compared-data-sources';
import { rejection, settle, until } from '../test/settings';
import { openSilentServer } from '../test/silent-server';
import { openTestServer, type TestServer } from '../test/test-server';
import { TransactionAbortedError } from '../transactions/transaction-aborted-error';
import { closeDataSource } from './open-data-source';

/**
 * What goes wrong with TypeORM on node-postgres' own pool, and does not on ours. Each test runs the same on both; what the
 * plain one comes to is the control, and tells that the fault is still there.
 */
describe('TypeORM on this pool', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const compare = <T>(
    run: (dataSource: DataSource, kind: Kind) => Promise<T>,
    changes: Partial<ComparedSettings> = {},
  ) => compareDataSources({ url: database.url, ...changes }, run);

  const endSession = async ({ queryRunner }: EntityManager): Promise<void> => {
    const connection: PoolClient = await queryRunner?.connect();
    await database.endSession(connection);
  };

  const isIdleInTransaction = async (): Promise<boolean> => {
    const text = `SELECT FROM pg_stat_activity WHERE state = 'idle in transaction'`;
    return (await database.admin.query(text)).rows.length > 0;
  };

  describe('fact 2: an error that is swallowed inside a transaction', () => {
    it('makes the transaction reject with that error, where TypeORM reports success for nothing', async () => {
      const { ours, plain } = await compare(async (dataSource) => {
        const work = dataSource.transaction(async (manager) => {
          await manager.query('INSERT INTO note VALUES (1)');
          await manager.query('INSERT INTO note VALUES (1)').catch(() => {});
          await manager.query('SELECT 1').catch(() => {});
        });
        return { outcome: await settle(work), notes: await readNotes(database.url) };
      });
      expect(plain).toEqual({ outcome: 'done', notes: [] });
      expect(ours.notes).toEqual([]);
      const { driverError } = ours.outcome as { driverError: Error };
      expect(driverError).toBeInstanceOf(TransactionAbortedError);
      // The first error, not the "current transaction is aborted" that followed it.
      expect(driverError).toMatchObject({ code: 'TRANSACTION_ABORTED', cause: { code: '23505' } });
      expect(classify(ours.outcome, readPhase(ours.outcome))).toMatchObject({
        verdict: 'never',
        applied: 'no',
      });
    });

    it('leaves the connection fit for the next caller', async () => {
      const { ours } = await compare(
        async (dataSource) => {
          const pid = await readPidOf(dataSource);
          await settle(
            dataSource.transaction(async (manager) => {
              await manager.query('SELECT 1/0').catch(() => {});
            }),
          );
          const next = await readPidOf(dataSource);
          return next === pid;
        },
        { pool: { max: 1 }, plain: { max: 1 } },
      );
      expect(ours).toBe(true);
    });

    it('does no harm where it was rolled back to a savepoint', async () => {
      const { ours, plain } = await compare(async (dataSource) => {
        const work = dataSource.transaction(async (manager) => {
          await manager.query('INSERT INTO note VALUES (1)');
          await manager
            .transaction(async (nested) => {
              await nested.query('INSERT INTO note VALUES (2)');
              await nested.query('INSERT INTO note VALUES (2)');
            })
            .catch(() => {});
          await manager.query('INSERT INTO note VALUES (3)');
        });
        return { outcome: await settle(work), notes: await readNotes(database.url) };
      });
      expect(ours).toEqual({ outcome: 'done', notes: [{ id: 1 }, { id: 3 }] });
      expect(plain).toEqual(ours);
    });

    it('is told even if an earlier one was rolled back to a savepoint', async () => {
      const { ours } = await compare(async (dataSource) => {
        const work = dataSource.transaction(async (manager) => {
          await manager.transaction((nested) => nested.query('SELECT 1/0')).catch(() => {});
          await manager.query('SELECT nothing').catch(() => {});
        });
        return await settle(work);
      });
      expect(ours).toMatchObject({
        driverError: { name: 'TransactionAbortedError', cause: { code: '42703' } },
      });
    });
  });

  describe('fact 3: a query timeout of node-postgres, which may come with the URL', () => {
    it('loses no later write, where plain it vanishes with the transaction it fell into', async () => {
      const limitMs = 150;
      const { ours, plain } = await compare(
        async (dataSource, kind) => {
          const late = await rejection(
            dataSource.transaction((manager) => manager.query('SELECT pg_sleep(0.4)')),
          );
          expect(late.message).toBe('Query read timeout');
          // The connection is back in the plain pool, in a transaction whose statement has ended by now.
          if (kind === 'plain') await until(isIdleInTransaction);
          const outcome = await settle(dataSource.query('INSERT INTO note VALUES (1)'));
          return { outcome, notes: await readNotes(database.url) };
        },
        { url: `${database.url}?query_timeout=${limitMs}`, pool: { max: 1 }, plain: { max: 1 } },
      );
      expect(plain).toEqual({ outcome: 'done', notes: [] });
      expect(ours).toEqual({ outcome: 'done', notes: [{ id: 1 }] });
    });
  });

  describe('fact 4: a backend that is ended during a query', () => {
    it('fails that query alone, where plain it fails the next one too', async () => {
      const { ours, plain } = await compare(
        async (dataSource) => {
          const pid = await readPidOf(dataSource);
          const first = settle(dataSource.query('SELECT pg_sleep(600)'));
          const second = settle(dataSource.query('SELECT 1'));
          await database.endBackend(pid);
          return { first: await first, second: await second };
        },
        { pool: { max: 1 }, plain: { max: 1 } },
      );
      expect(ours.first).toMatchObject({ code: '57P01' });
      expect(plain.first).toMatchObject({ code: '57P01' });
      expect(ours.second).toBe('done');
      expect(plain.second).toBeInstanceOf(Error);
    });
  });

  describe('fact 5: a session that is ended inside a transaction', () => {
    it('between two statements keeps its cause, where TypeORM only says that its runner was released', async () => {
      const { ours, plain } = await compare((dataSource) =>
        rejection(
          dataSource.transaction(async (manager) => {
            await manager.query('INSERT INTO note VALUES (1)');
            await endSession(manager);
            await manager.query('INSERT INTO note VALUES (2)');
          }),
        ),
      );
      expect(plain.name).toBe('QueryRunnerProviderAlreadyReleasedError');
      expect(classify(plain).code).toBeUndefined();
      expect(ours).toMatchObject({ name: 'QueryFailedError', driverError: { code: '57P01' } });
      expect(readPhase(ours)).toBe('in-transaction');
      expect(classify(ours, readPhase(ours))).toMatchObject({
        code: '57P01',
        verdict: 'retry-transaction',
        applied: 'no',
      });
      expect(await readNotes(database.url)).toEqual([]);
    });

    it('before its COMMIT keeps its cause', async () => {
      const { ours, plain } = await compare((dataSource) =>
        rejection(
          dataSource.transaction(async (manager) => {
            await manager.query('INSERT INTO note VALUES (1)');
            await endSession(manager);
          }),
        ),
      );
      expect(plain.name).toBe('QueryRunnerAlreadyReleasedError');
      expect(classify(plain).code).toBeUndefined();
      expect(ours).toMatchObject({
        name: 'QueryFailedError',
        query: 'COMMIT',
        driverError: { code: '57P01' },
      });
      expect(readPhase((ours as unknown as { driverError: Error }).driverError)).toBe('in-transaction');
      expect(await readNotes(database.url)).toEqual([]);
    });
  });

  describe('fact 6: a caller that gets no connection', () => {
    it('of a full pool hears so in a code, where plain it is a bare error', async () => {
      const { ours, plain } = await compare(
        async (dataSource) => {
          const holder = dataSource.createQueryRunner();
          await holder.connect();
          const error = await rejection(dataSource.query('SELECT 1'));
          await holder.release();
          return error;
        },
        { pool: { max: 1, acquireMs: 400 }, plain: { max: 1, connectionTimeoutMillis: 400 } },
      );
      expect(plain).toMatchObject({ name: 'Error', message: 'timeout exceeded when trying to connect' });
      expect(plain).not.toHaveProperty('code');
      expect(ours).toMatchObject({ name: 'PoolExhaustedError', code: 'POOL_EXHAUSTED', used: 1, max: 1 });
      expect(readPhase(ours)).toBe('acquire');
    });

    it('of a server that swallows everything hears so, where plain it waits for ever', async () => {
      await using silent = await openSilentServer();
      const url = Object.assign(new URL(database.url), { port: String(silent.port) }).href;
      let isPlainAnswered = false;
      const plain = settle(createComparedDataSource('plain', { url }).initialize()).finally(() => {
        isPlainAnswered = true;
      });
      await until(() => silent.sockets.size === 1);
      const dataSource = createComparedDataSource('ours', { url, pool: { acquireMs: 200 } });
      const error = await rejection(dataSource.initialize());
      await closeDataSource(dataSource);
      expect(error).toMatchObject({ name: 'ConnectTimeoutError', code: 'CONNECT_TIMEOUT' });
      expect(readPhase(error)).toBe('acquire');
      expect(isPlainAnswered).toBe(false);
      await silent[Symbol.asyncDispose]();
      await plain;
    });
  });

  describe('fact 7: closing while a transaction is in flight', () => {
    it('lets it finish, where destroy cuts it', async () => {
      const { ours, plain } = await compare(async (dataSource, kind) => {
        let isBegun = false;
        const work = settle(
          dataSource.transaction(async (manager) => {
            await manager.query('INSERT INTO note VALUES (1)');
            isBegun = true;
            await manager.query('SELECT pg_sleep(0.1)');
          }),
        );
        await until(() => isBegun);
        await (kind === 'ours' ? closeDataSource(dataSource) : dataSource.destroy());
        return { outcome: await work, notes: await readNotes(database.url) };
      });
      expect(ours).toEqual({ outcome: 'done', notes: [{ id: 1 }] });
      expect(plain.outcome).toBeInstanceOf(Error);
      expect(plain.notes).toEqual([]);
    });
  });

  describe('fact 8: a connection taken from the driver, whose session is ended while it rests', () => {
    it('is no uncaught exception', async () => {
      const dataSource = await createComparedDataSource('ours', { url: database.url }).initialize();
      try {
        const { driver } = dataSource as unknown as {
          driver: { obtainMasterConnection(): Promise<[PoolClient, () => void]> };
        };
        const [client, release] = await driver.obtainMasterConnection();
        await database.endSession(client);
        expect(await rejection(client.query('SELECT 1'))).toMatchObject({ code: '57P01' });
        release();
        await expect(dataSource.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
      } finally {
        await closeDataSource(dataSource);
      }
    });

    it('ends the process of plain TypeORM', async () => {
      const program = `
        const { DataSource } = require('typeorm');
        const main = async () => {
          const dataSource = new DataSource({ type: 'postgres', url: process.argv[1] });
          await dataSource.initialize();
          const [client] = await dataSource.driver.obtainMasterConnection();
          const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
          client.once('end', () => setImmediate(() => process.exit(0)));
          await dataSource.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
        };
        main();
      `;
      const run = promisify(execFile)(process.execPath, ['-e', program, database.url], { cwd: __dirname });
      const error = await rejection(run);
      expect(error).toMatchObject({ code: 1, stderr: expect.stringContaining(`Unhandled 'error' event`) });
      expect(error).toMatchObject({ stderr: expect.stringContaining('57P01') });
    });
  });
});
