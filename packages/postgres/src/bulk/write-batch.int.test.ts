import { classify, isTransient } from '@holdfast/resilience/postgres';
import type { EntityManager } from 'typeorm';
import { Point } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { point } from '../test/bulk/produce';
import { rejection, until } from '../test/settings';
import { BulkWriteError } from './bulk-write-error';
import { insertMany } from './insert-many';
import { upsertMany } from './upsert-many';

describe('how a failed bulk write is told', () => {
  let database: BulkDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openBulkDatabase();
    manager = database.dataSource.manager;
  });

  beforeEach(async () => {
    await manager.query('TRUNCATE point');
    await database.readStatements();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('sends no statement to find it out, so that it works in a transaction that is aborted by it', async () => {
    await database.readStatements();
    await manager
      .transaction(async (transaction) => {
        const rows = [point(1), { ...point(2), x: 'secret' as unknown as number }];
        expect(await rejection(insertMany(transaction, Point, rows))).toMatchObject({ row: 2 });
        // Control: nothing could have been asked there.
        expect(await rejection(transaction.query('SELECT 1'))).toMatchObject({ code: '25P02' });
        throw new Error('rolled back on purpose');
      })
      .catch((error: Error) => expect(error.message).toBe('rolled back on purpose'));
    const queries = (await database.readStatements()).map(({ query }) => query.split(' ')[0]);
    expect(queries.filter((word) => word === 'SELECT')).toEqual([]);
  });

  it('is never retried, and shows no list of rows to a log', async () => {
    const error = await rejection(insertMany(manager, Point, [point(0), point(1), point(0)]));
    expect(error).toBeInstanceOf(BulkWriteError);
    expect(classify(error)).toMatchObject({
      code: '23505',
      kind: 'application',
      verdict: 'never',
      applied: 'no',
    });
    expect(isTransient(error)).toBe(false);
    expect(Object.keys(error)).not.toContain('candidates');
  });

  it('leaves a serialization failure to be retried', async () => {
    await insertMany(manager, Point, [point(1)]);
    const attempt = manager.transaction('SERIALIZABLE', async (transaction) => {
      await transaction.query('SELECT count(*) FROM point');
      await manager.update(Point, 1, { x: 99 });
      return upsertMany(transaction, Point, [point(1)], { conflict: ['id'] });
    });
    const error = await rejection(attempt);
    expect(error).toMatchObject({ name: 'QueryFailedError', code: '40001', parameters: [] });
    expect(isTransient(error)).toBe(true);
  });

  it('leaves a lost connection to be retried', async () => {
    const runner = database.dataSource.createQueryRunner();
    try {
      const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid');
      await manager.transaction(async (other) => {
        await other.query('LOCK TABLE point');
        const inserting = rejection(insertMany(runner.manager, Point, [point(1)]));
        await until(async () => {
          const [{ count }] = await manager.query(
            "SELECT count(*)::int FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
            [pid],
          );
          return count === 1;
        });
        await manager.query('SELECT pg_terminate_backend($1)', [pid]);
        const error = await inserting;
        expect(error).not.toBeInstanceOf(BulkWriteError);
        expect(classify(error, 'in-transaction')).toMatchObject({
          code: '57P01',
          verdict: 'retry-transaction',
        });
      });
    } finally {
      await runner.release();
    }
  });
});
