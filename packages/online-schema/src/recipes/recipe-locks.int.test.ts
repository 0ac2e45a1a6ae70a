import type { DataSource, QueryRunner } from 'typeorm';
import { attachRun } from '../migration/run-context';
import type { RunEvent } from '../run/run-event';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { backfill } from './backfill';
import { ensureNotNull } from './ensure-not-null';

describe('recipes beside others', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());
  beforeEach(async () => {
    await dataSource.query('drop table if exists orders');
    await dataSource.query('create table orders (id integer primary key, amount integer)');
    await dataSource.query('insert into orders select n, n from generate_series(1, 100) as n');
  });

  /** Runs beside a session that has done this in a transaction and left it open; it ends when the work says so. */
  const beside = async (statement: string, work: (end: () => Promise<void>) => Promise<void>) => {
    const idle = dataSource.createQueryRunner();
    await idle.startTransaction();
    try {
      await idle.query(statement);
      await work(() => idle.commitTransaction());
    } finally {
      if (idle.isTransactionActive) await idle.rollbackTransaction();
      await idle.release();
    }
  };
  const isWaiting = async (pid: number): Promise<boolean> =>
    (await dataSource.query('select 1 from pg_locks where pid = $1 and not granted', [pid])).length > 0;
  const pidOf = async (runner: QueryRunner): Promise<number> =>
    (await runner.query('select pg_backend_pid() as pid'))[0].pid;

  describe('behind a reader that is idle in a transaction', () => {
    const read = 'select 1 from orders limit 1';

    it('control: a plain SET NOT NULL stops every other reader for as long as that one is there', async () => {
      await beside(read, async (end) => {
        const altering = dataSource.createQueryRunner();
        const reader = dataSource.createQueryRunner();
        try {
          const [alteringPid, readerPid] = [await pidOf(altering), await pidOf(reader)];
          const altered = altering.query('alter table orders alter column amount set not null');
          await waitFor(() => isWaiting(alteringPid));
          const done = reader.query(read);
          await waitFor(() => isWaiting(readerPid));
          await end();
          await Promise.all([altered, done]);
        } finally {
          await altering.release();
          await reader.release();
        }
      });
    });

    it('ensureNotNull lets the others read meanwhile, and gets through when that one has gone', async () => {
      await beside(read, async (end) => {
        const events: RunEvent[] = [];
        const runner = dataSource.createQueryRunner();
        try {
          attachRun(runner, { report: (event) => void events.push(event) });
          const done = ensureNotNull(runner, { table: 'orders', column: 'amount' });
          const attempts = () => events.filter(({ type }) => type === 'lock-timeout').length;
          // Each attempt is over before the next: whoever reads between them has waited for one at most.
          for (let seen = 1; seen <= 3; seen++) {
            await waitFor(() => attempts() >= seen);
            await dataSource.query(read);
          }
          await end();
          await done;
          expect(events).toContainEqual(expect.objectContaining({ type: 'step', action: 'set not null' }));
        } finally {
          await runner.release();
        }
      });
    });
  });

  describe('where somebody has locked a row', () => {
    const lock = 'select 1 from orders where id = 60 for update';
    const write = 'update orders set amount = 0 where id = 1';

    it('control: one UPDATE of all rows keeps the writers of all rows before it waiting', async () => {
      await beside(lock, async (end) => {
        const updating = dataSource.createQueryRunner();
        const writer = dataSource.createQueryRunner();
        try {
          const [updatingPid, writerPid] = [await pidOf(updating), await pidOf(writer)];
          const updated = updating.query('update orders set amount = amount + 1');
          await waitFor(() => isWaiting(updatingPid));
          const done = writer.query(write);
          await waitFor(() => isWaiting(writerPid));
          await end();
          await Promise.all([updated, done]);
        } finally {
          await updating.release();
          await writer.release();
        }
      });
    });

    it('backfill has given back what it has done, and goes on when the row is free', async () => {
      await beside(lock, async (end) => {
        const events: RunEvent[] = [];
        const runner = dataSource.createQueryRunner();
        try {
          attachRun(runner, { report: (event) => void events.push(event) });
          const done = backfill(runner, { table: 'orders', set: 'amount = -1', batchRows: 10 });
          await waitFor(() => events.some(({ type }) => type === 'lock-timeout'));
          await dataSource.query(write);
          await end();
          await done;
          expect(await dataSource.query('select count(*)::int as n from orders where amount = -1')).toEqual([
            { n: 99 },
          ]);
          const steps = events.filter((event) => event.type === 'progress');
          expect(steps.at(-1)).toMatchObject({ name: 'orders', progress: { unit: 'rows', done: 100 } });
        } finally {
          await runner.release();
        }
      });
    });
  });
});
