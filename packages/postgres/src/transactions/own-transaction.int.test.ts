import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { DataSource, Logger, QueryRunner } from 'typeorm';
import { watchStatements } from '../repository/pass-statement';
import { rejection } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

describe('the transaction of a unit of work', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  it('is told to the logger of the DataSource as TypeORM tells its own', async () => {
    await using source = await openSource(server.url);
    const told = recordLog(source.dataSource);
    const unitOfWork = createUnitOfWork(source.dataSource);
    await unitOfWork.run((manager) => manager.query('SELECT 1'));
    const own = told.splice(0);
    await source.dataSource.transaction((manager) => manager.query('SELECT 1'));
    expect(own).toEqual(told);
    expect(own).toEqual(['START TRANSACTION', 'SELECT 1', 'COMMIT']);
  });

  it('tells the logger of a COMMIT that failed, and how', async () => {
    await using source = await openSource(server.url);
    const told = recordLog(source.dataSource);
    const error = await rejection(
      createUnitOfWork(source.dataSource).run(async (manager) => {
        await manager.query('SELECT 1 / 0').catch(() => undefined);
      }),
    );
    expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(told).toContain('failed: COMMIT');
  });

  it('is one to its query runner: a nested one is a savepoint, and afterwards there is none', async () => {
    await using source = await openSource(server.url);
    const runners: QueryRunner[] = [];
    await createUnitOfWork(source.dataSource).run(async (manager) => {
      const runner = manager.queryRunner as QueryRunner;
      runners.push(runner);
      expect(runner.isTransactionActive).toBe(true);
      await debit(manager);
      await rejection(
        manager.transaction(async (nested) => {
          await debit(nested, 2);
          throw new Error('only that part');
        }),
      );
    });
    expect(runners[0]?.isTransactionActive).toBe(false);
    expect(await readBalance(server.url)).toBe(90);
  });

  it('ends by the statement of whoever watches the runner', async () => {
    await using source = await openSource(server.url);
    const watched: string[] = [];
    await createUnitOfWork(source.dataSource).run(async (manager) => {
      watchStatements(manager.queryRunner as QueryRunner, (text) => watched.push(text));
      await manager.query('SELECT 1');
    });
    expect(watched).toEqual(['SELECT 1', 'COMMIT']);
  });
});

function recordLog(dataSource: DataSource): string[] {
  const told: string[] = [];
  const logger: Partial<Logger> = {
    logQuery: (text) => told.push(text),
    logQueryError: (_error, text) => told.push(`failed: ${text}`),
  };
  dataSource.logger = logger as Logger;
  return told;
}
