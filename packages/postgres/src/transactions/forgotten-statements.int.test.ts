import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { rejection, settle } from '../test/settings';
import { addSubscriber } from '../test/subscribers';
import { createTables, debit, openSource, readBalances, resetTables, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const QUICK = { retry: { baseDelayMs: 1 } };
const UNTOUCHED = Array(10).fill(100);
/** So many turns of the microtask queue cover everything between two statements of TypeORM. */
const TURNS = Array.from({ length: 40 }, (_, turns) => turns);

describe('a statement that the work did not wait for', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) =>
      client.query(`
        CREATE TABLE child (id int, account int REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '40001'; END $$;
        CREATE TABLE failing (id int);
        CREATE CONSTRAINT TRIGGER failing AFTER INSERT ON failing
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail();
      `),
    );
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  const failAtCommit = (manager: EntityManager) => manager.query('INSERT INTO child VALUES (1, 999)');
  /** Several statements one after the other, of which some come too late. */
  const debitAll = async (manager: EntityManager, ids: readonly number[]) => {
    for (const id of ids) await debit(manager, id);
  };
  const debitLater = async (manager: EntityManager, turns: number, id: number) => {
    for (let turn = 0; turn < turns; turn += 1) await null;
    await debit(manager, id);
  };

  describe('because another branch failed first', () => {
    /** @returns what becomes of the branches that go on. */
    const pay = (manager: EntityManager, forgotten: Promise<unknown>[]) => {
      const branches = [
        debit(manager, 1)
          .then(() => manager.query('SELECT pg_sleep(0.02)'))
          .then(() => debit(manager, 2)),
        debitAll(manager, [3, 4, 5, 6, 7, 8]),
      ];
      forgotten.push(...branches.map(settle));
      return Promise.all([Promise.reject(new Error('out of stock')), ...branches]);
    };

    it('runs by itself, where the transaction is a plain one', async () => {
      const dataSource = await new DataSource({ type: 'postgres', url: server.url }).initialize();
      const forgotten: Promise<unknown>[] = [];
      await rejection(dataSource.transaction((manager) => pay(manager, forgotten)));
      await Promise.all(forgotten);
      await dataSource.destroy();
      expect(await readBalances(server.url)).not.toEqual(UNTOUCHED);
    });

    it('runs never, where it is a unit of work', async () => {
      await using source = await openSource(server.url);
      const forgotten: Promise<unknown>[] = [];
      const error = await rejection(
        createUnitOfWork(source.dataSource, QUICK).run((manager) => pay(manager, forgotten)),
      );
      await Promise.all(forgotten);
      expect(error).toMatchObject({ message: 'out of stock' });
      expect(await readBalances(server.url)).toEqual(UNTOUCHED);
    });
  });

  describe('and that comes some turns later', () => {
    /** @returns the turns after which a statement that came so late was applied. */
    async function findApplied(run: (turns: number, forgotten: Promise<unknown>[]) => Promise<unknown>) {
      const applied: number[] = [];
      for (const turns of TURNS) {
        await resetTables(server.url);
        const forgotten: Promise<unknown>[] = [];
        await rejection(run(turns, forgotten));
        await Promise.all(forgotten);
        expect(forgotten).toHaveLength(1);
        if ((await readBalances(server.url)).some((balance) => balance !== 100)) applied.push(turns);
      }
      return applied;
    }
    const fail = async (manager: EntityManager, turns: number, forgotten: Promise<unknown>[]) => {
      await debit(manager, 2);
      forgotten.push(settle(debitLater(manager, turns, 1)));
      throw new Error('no');
    };

    it('runs by itself after an error of the work, where the transaction is a plain one', async () => {
      const dataSource = await new DataSource({ type: 'postgres', url: server.url }).initialize();
      const applied = await findApplied((turns, forgotten) =>
        dataSource.transaction((manager) => fail(manager, turns, forgotten)),
      );
      await dataSource.destroy();
      expect(applied).not.toEqual([]);
    });

    it('runs never after an error of the work', async () => {
      await using source = await openSource(server.url);
      const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
      const applied = await findApplied((turns, forgotten) =>
        unitOfWork.run((manager) => fail(manager, turns, forgotten)),
      );
      expect(applied).toEqual([]);
    });

    it('runs never behind a COMMIT that fails', async () => {
      await using source = await openSource(server.url);
      const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
      const applied = await findApplied((turns, forgotten) =>
        unitOfWork.run(async (manager) => {
          await failAtCommit(manager);
          forgotten.push(settle(debitLater(manager, turns, 1)));
        }),
      );
      expect(applied).toEqual([]);
    });

    it('runs never after a rollback that a subscriber was told of', async () => {
      await using source = await openSource(server.url);
      let later: (manager: EntityManager) => void = () => {};
      addSubscriber(source.dataSource, {
        afterTransactionRollback: ({ queryRunner }) => later(queryRunner.manager),
      });
      const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
      const applied = await findApplied((turns, forgotten) => {
        later = (manager) => void forgotten.push(settle(debitLater(manager, turns, 3)));
        return unitOfWork.run(async (manager) => {
          await debit(manager);
          throw new Error('no');
        });
      });
      expect(applied).toEqual([]);
    });
  });

  it('runs never while a long COMMIT is on its way', async () => {
    await using source = await openSource(server.url);
    let forgotten: Promise<unknown> | undefined;
    await rejection(
      createUnitOfWork(source.dataSource, QUICK).run(async (manager) => {
        // Each of them is looked at by COMMIT.
        await manager.query('INSERT INTO child SELECT id, 1 FROM generate_series(1, 20000) AS id');
        await failAtCommit(manager);
        forgotten = new Promise((resolve) => setImmediate(() => resolve(settle(debit(manager)))));
      }),
    );
    expect(await forgotten).toMatchObject({ driverError: { code: 'TRANSACTION_CONTROL' } });
    expect(await readBalances(server.url)).toEqual(UNTOUCHED);
  });

  it('runs at most once behind a COMMIT that fails in a way that may pass', async () => {
    await using source = await openSource(server.url);
    const forgotten: Promise<unknown>[] = [];
    await createUnitOfWork(source.dataSource, QUICK).run(async (manager, { attempt }) => {
      if (attempt === 1) await manager.query('INSERT INTO failing VALUES (1)');
      forgotten.push(settle(debitAll(manager, [3, 4, 5, 6])));
    });
    await Promise.all(forgotten);
    expect(forgotten).toHaveLength(2);
    expect(Math.min(...(await readBalances(server.url)))).toBeGreaterThanOrEqual(90);
  });
});
