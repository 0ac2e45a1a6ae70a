import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { rejection, until } from '../test/settings';
import { createTables, openSource, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const PATIENT = { retry: { baseDelayMs: 1, maxDelayMs: 50, maxAttempts: 200 } };

describe('a unit of work survives', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer({ settings: { deadlock_timeout: '5ms' } });
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => withClient(server.url, (client) => client.query('UPDATE accounts SET balance = 100')));

  const add = (manager: EntityManager, id: number, amount: number) =>
    manager.query('UPDATE accounts SET balance = balance + $2 WHERE id = $1', [id, amount]);
  const readBalances = (...ids: number[]): Promise<number[]> =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query(
        'SELECT balance FROM accounts WHERE id = ANY($1) ORDER BY array_position($1, id)',
        [ids],
      );
      return rows.map(({ balance }) => balance);
    });
  const terminate = (pid: number) =>
    withClient(server.url, (client) => client.query('SELECT pg_terminate_backend($1)', [pid]));

  /** A plain TypeORM DataSource, to show what happens today. */
  async function withPlain<T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> {
    const dataSource = new DataSource({
      type: 'postgres',
      url: server.url,
      poolSize: 8,
      poolErrorHandler: () => {},
    });
    await dataSource.initialize();
    try {
      return await work(dataSource);
    } finally {
      await dataSource.destroy();
    }
  }

  describe('a backend that is ended between two statements', () => {
    const work = async (manager: EntityManager, isFirst: boolean) => {
      const [{ pid }] = await manager.query('SELECT pg_backend_pid() AS pid');
      await add(manager, 1, -10);
      if (isFirst) await terminate(pid);
      await add(manager, 2, 10);
    };

    it('which a plain transaction does not', async () => {
      await rejection(withPlain((dataSource) => dataSource.transaction((manager) => work(manager, true))));
      expect(await readBalances(1, 2)).toEqual([100, 100]);
    });

    it('on another connection, once', async () => {
      await using source = await openSource(server.url);
      await createUnitOfWork(source.dataSource, PATIENT).run((manager, { attempt }) =>
        work(manager, attempt === 1),
      );
      expect(await readBalances(1, 2)).toEqual([90, 110]);
    });
  });

  it('an immediate stop and a restart in the middle of it', async () => {
    await using source = await openSource(server.url);
    let stopped: Promise<void> | undefined;
    await createUnitOfWork(source.dataSource, PATIENT).run(async (manager, { attempt }) => {
      await add(manager, 1, -10);
      if (attempt === 1) {
        stopped = server.halt('immediate').then(() => server.resume());
        await stopped;
      }
      await add(manager, 2, 10);
    });
    expect(stopped).toBeDefined();
    expect(await readBalances(1, 2)).toEqual([90, 110]);
  });

  it('the end of its session for being idle in a transaction', async () => {
    await using source = await openSource(server.url);
    await createUnitOfWork(source.dataSource, PATIENT).run(async (manager, { attempt }) => {
      await add(manager, 1, -10);
      if (attempt > 1) return;
      const [{ pid }] = await manager.query('SELECT pg_backend_pid() AS pid');
      await manager.query(`SET LOCAL idle_in_transaction_session_timeout = '10ms'`);
      await until(() =>
        withClient(server.url, async (client) => {
          const { rowCount } = await client.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid]);
          return rowCount === 0;
        }),
      );
    });
    expect(await readBalances(1)).toEqual([90]);
  });

  it('a full disk that has room again, and gives up on one that has not', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { baseDelayMs: 1, maxDelayMs: 20 } });
    let attempts = 0;
    const work = (failures: number) => async (manager: EntityManager) => {
      attempts += 1;
      await add(manager, 1, -10);
      // As the server says it when it cannot extend a table.
      if (attempts <= failures) await manager.query(`DO $$ BEGIN RAISE SQLSTATE '53100'; END $$`);
    };
    await unitOfWork.run(work(1));
    expect(await readBalances(1)).toEqual([90]);
    attempts = 0;
    expect((await rejection(unitOfWork.run(work(9)))).name).toMatch(/RetryError|QueryFailedError/);
    expect(attempts).toBe(2);
    expect(await readBalances(1)).toEqual([90]);
  });

  describe('a storm of deadlocks', () => {
    const work = (from: number, to: number) => async (manager: EntityManager) => {
      await add(manager, from, -1);
      await manager.query('SELECT pg_sleep(0.002)');
      await add(manager, to, 1);
    };
    const callers = Array.from({ length: 40 }, (_, at) =>
      at % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const),
    );

    it('in which plain transactions fail', async () => {
      const results = await withPlain((dataSource) =>
        Promise.allSettled(callers.map(([from, to]) => dataSource.transaction(work(from, to)))),
      );
      const failed = results.filter(({ status }) => status === 'rejected');
      expect(failed.length).toBeGreaterThan(0);
    });

    it('with each transfer done once', async () => {
      await using source = await openSource(server.url, { max: 8 });
      const unitOfWork = createUnitOfWork(source.dataSource, PATIENT);
      let commits = 0;
      await Promise.all(
        [...callers, [1, 2] as const].map(([from, to]) =>
          unitOfWork.run((manager, { afterCommit }) => {
            afterCommit(() => {
              commits += 1;
            });
            return work(from, to)(manager);
          }),
        ),
      );
      expect(commits).toBe(41);
      expect(await readBalances(1, 2)).toEqual([99, 101]);
    });
  });

  it('a storm of serialization failures, with each increment counted once', async () => {
    await using source = await openSource(server.url, { max: 8 });
    const unitOfWork = createUnitOfWork(source.dataSource, PATIENT);
    let attempts = 0;
    await Promise.all(
      Array.from({ length: 40 }, () =>
        unitOfWork.run(
          async (manager) => {
            attempts += 1;
            const [{ balance }] = await manager.query('SELECT balance FROM accounts WHERE id = $1', [3]);
            await manager.query('UPDATE accounts SET balance = $2 WHERE id = $1', [3, balance + 1]);
          },
          { isolation: 'SERIALIZABLE' },
        ),
      ),
    );
    expect(await readBalances(3)).toEqual([140]);
    expect(attempts).toBeGreaterThan(40);
  });
});
