import type { QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { inTransaction } from './in-transaction';
import { attachRun } from './run-context';

/** TypeORM's query runner remembers the tables it has changed, and a rollback does not make it forget. */
describe("a migration written with TypeORM's builder, begun again for its lock", () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let holder: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table free (id integer, note text)');
    await scratch.dataSource.query('create table held (id integer, note text)');
    runner = scratch.dataSource.createQueryRunner();
    holder = scratch.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('select * from held');
  });

  afterEach(async () => {
    if (holder.isTransactionActive) await holder.rollbackTransaction();
    await holder.release();
    await runner.release();
    await scratch.close();
  });

  const dropNotes = async () => {
    await runner.dropColumn('free', 'note');
    await runner.dropColumn('held', 'note');
  };

  it('would not find what the attempt before has dropped, and PostgreSQL has back', async () => {
    const attempt = async () => {
      await runner.startTransaction();
      try {
        await runner.query(`set local lock_timeout = '20ms'`);
        await dropNotes();
      } finally {
        await runner.rollbackTransaction();
      }
    };
    await expect(attempt()).rejects.toMatchObject({ driverError: { code: '55P03' } });
    await expect(attempt()).rejects.toThrow('Column "note" was not found in table "free"');
  });

  it('finds its tables as they are', async () => {
    attachRun(runner, { report: () => undefined, lockTimeoutMs: 20 });
    let attempts = 0;
    const done = inTransaction(runner, async () => {
      attempts += 1;
      await dropNotes();
    });
    done.catch(() => undefined);
    await waitFor(() => attempts > 1);
    await holder.rollbackTransaction();
    await done;
    for (const table of ['free', 'held'])
      expect((await runner.getTable(table))?.columns.map(({ name }) => name)).toEqual(['id']);
  });
});
