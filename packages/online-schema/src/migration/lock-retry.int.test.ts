import type { DataSource, QueryRunner } from 'typeorm';
import { migrate } from '../run/migrate';
import type { RunEvent } from '../run/run-event';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { inTransaction } from './in-transaction';
import { withLockRetry } from './lock-retry';
import { attachRun } from './run-context';

/** The one limit in time that is promised: how long a reader may stall behind a statement that waits for its lock. */
const LONGEST_STALL_MS = 500;

class AddNote1700000000000 {
  readonly name = 'AddNote1700000000000';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('alter table orders add column note text');
  }
  async down(runner: QueryRunner) {
    await runner.query('alter table orders drop column note');
  }
}

describe('a statement that needs a strong lock', () => {
  let scratch: Scratch;
  let holder: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table orders (id integer)');
    holder = scratch.dataSource.createQueryRunner();
  });

  afterEach(async () => {
    if (!holder.isReleased) await holder.release();
    await scratch.close();
  });

  /** A transaction that has read the table and stays open, doing nothing. */
  const hold = async () => {
    await holder.query(`set application_name = 'forgotten'`);
    await holder.startTransaction();
    await holder.query('select count(*) from orders');
  };
  const isAdded = async () =>
    (
      await scratch.dataSource.query(
        `select 1 from pg_attribute where attrelid = 'orders'::regclass and attname = 'note'`,
      )
    ).length === 1;

  /** Reads the table again and again, and tells how long the longest read took. */
  const openReader = (dataSource: DataSource) => {
    let longestMs = 0;
    let sinceMs: number | undefined;
    let isDone = false;
    const reading = (async () => {
      while (!isDone) {
        sinceMs = performance.now();
        await dataSource.query('select count(*) from orders');
        longestMs = Math.max(longestMs, performance.now() - sinceMs);
        sinceMs = undefined;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    return {
      /** Also of the read that is still waiting. */
      longestMs: () => Math.max(longestMs, sinceMs === undefined ? 0 : performance.now() - sinceMs),
      stop: async () => {
        isDone = true;
        await reading;
      },
    };
  };

  it('stalls readers for seconds behind an idle transaction where it simply waits', async () => {
    await hold();
    const readers = [openReader(scratch.dataSource), openReader(scratch.dataSource)];
    const changer = scratch.dataSource.createQueryRunner();
    try {
      const changed = changer.query('alter table orders add column note text');
      await waitFor(() => readers.every((reader) => reader.longestMs() > 4 * LONGEST_STALL_MS));
      await holder.rollbackTransaction();
      await changed;
    } finally {
      for (const reader of readers) await reader.stop();
      await changer.release();
    }
  });

  it('stalls nobody for long in a migration, names who is in its way, and gets through when that ends', async () => {
    const [{ pid }] = await holder.query('select pg_backend_pid() as pid');
    await hold();
    const dataSource = await scratch.open({ migrations: [AddNote1700000000000] });
    const readers = [openReader(scratch.dataSource), openReader(scratch.dataSource)];
    const events: RunEvent[] = [];
    const lockTimeouts = () => events.filter((event) => event.type === 'lock-timeout');
    try {
      const migrated = migrate(dataSource, { report: (event) => events.push(event) });
      await waitFor(() => lockTimeouts().length >= 4);
      expect(await isAdded()).toBe(false);
      await holder.rollbackTransaction();
      await expect(migrated).resolves.toEqual(['AddNote1700000000000']);
    } finally {
      for (const reader of readers) await reader.stop();
    }
    expect(await isAdded()).toBe(true);
    expect(lockTimeouts()[0]).toMatchObject({
      name: 'AddNote1700000000000',
      attempt: 1,
      blockers: [
        {
          pid,
          application: 'forgotten',
          by: 'lock',
          state: 'idle in transaction',
          ageMs: expect.any(Number),
          query: 'select count(*) from orders',
        },
      ],
    });
    expect(Math.max(...readers.map((reader) => reader.longestMs()))).toBeLessThanOrEqual(LONGEST_STALL_MS);
  });

  describe('within withLockRetry', () => {
    let runner: QueryRunner;
    const alter = () => runner.query('alter table orders add column note text');

    beforeEach(() => {
      runner = scratch.dataSource.createQueryRunner();
    });

    afterEach(() => runner.release());

    it('is given up after maxLockWaitMs, and says so', async () => {
      await hold();
      attachRun(runner, { report: () => undefined, lockTimeoutMs: 20, maxLockWaitMs: 600 });
      await expect(withLockRetry(runner, 'orders', alter)).rejects.toMatchObject({
        code: 'HOLDFAST_LOCK_NOT_HAD',
        message: expect.stringMatching(/^orders: a lock was not had in \d+ attempts of 20 ms each/),
        cause: { driverError: { code: '55P03' } },
      });
      await holder.rollbackTransaction();
    });

    it('is given up when the signal aborts during a pause', async () => {
      await hold();
      const abort = new AbortController();
      attachRun(runner, { report: () => abort.abort('enough'), lockTimeoutMs: 20, signal: abort.signal });
      await expect(withLockRetry(runner, 'orders', alter)).rejects.toMatchObject({ name: 'AbortError' });
      await holder.rollbackTransaction();
    });

    it('leaves the settings of the session as they were, whatever happens', async () => {
      await runner.query(`set lock_timeout = '77ms'`);
      await withLockRetry(runner, 'orders', async () => {
        expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: '200ms' }]);
      });
      await expect(withLockRetry(runner, 'nowhere', () => runner.query('select wrong'))).rejects.toThrow();
      expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: '77ms' }]);
      await runner.query('reset lock_timeout');
    });

    it('fails at once with whatever is not a lock', async () => {
      const work = jest.fn(() => runner.query('select 1 / 0'));
      await expect(withLockRetry(runner, 'orders', work)).rejects.toThrow('division by zero');
      expect(work).toHaveBeenCalledTimes(1);
    });

    it('begins a whole transaction again, with nothing left of the attempt before', async () => {
      attachRun(runner, { report: () => undefined });
      await hold();
      let attempts = 0;
      const done = inTransaction(runner, async () => {
        attempts += 1;
        await runner.query('create table if_twice (id integer)');
        await alter();
      });
      await waitFor(() => attempts > 2);
      await holder.rollbackTransaction();
      await done;
      expect(await isAdded()).toBe(true);
    });

    it('runs once, as it is, in a transaction that somebody else has begun', async () => {
      await hold();
      await runner.startTransaction();
      await runner.query(`set local lock_timeout = '30ms'`);
      const work = jest.fn(alter);
      await expect(withLockRetry(runner, 'orders', work)).rejects.toMatchObject({
        driverError: { code: '55P03' },
      });
      expect(work).toHaveBeenCalledTimes(1);
      await runner.rollbackTransaction();
      await holder.rollbackTransaction();
    });

    it('tells the log of TypeORM under its own command, where nobody else listens', async () => {
      await hold();
      const said: string[] = [];
      const logMigration = jest
        .spyOn(scratch.dataSource.logger, 'logMigration')
        .mockImplementation((message) => void said.push(message));
      try {
        const done = withLockRetry(runner, 'orders', alter);
        await waitFor(() => said.length > 0);
        await holder.rollbackTransaction();
        await done;
      } finally {
        logMigration.mockRestore();
      }
      expect(said[0]).toBe('orders: the lock was not had at attempt 1; trying again');
    });
  });

  it('refuses times that are none, by the name of the option', async () => {
    await expect(migrate(scratch.dataSource, { lockTimeoutMs: 0 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      option: 'lockTimeoutMs',
    });
    await expect(migrate(scratch.dataSource, { maxLockWaitMs: -1 })).rejects.toMatchObject({
      option: 'maxLockWaitMs',
    });
    await expect(migrate(scratch.dataSource, { locktimeout: 1 } as object)).rejects.toMatchObject({
      option: 'migrate option',
    });
  });
});
