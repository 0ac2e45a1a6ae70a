import type { EntityManager } from 'typeorm';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { readPoolStats } from '../data-source/read-pool-stats';
import { Owner, Point } from '../test/bulk/entities';
import { type CopyDatabase, openCopyDatabase } from '../test/bulk/open-copy';
import { openOn } from '../test/bulk/open-database';
import { point, produce, produceSlowly } from '../test/bulk/produce';
import { rejection, until } from '../test/settings';
import { copyIn } from './copy-in';

describe('how copyIn ends when it fails', () => {
  let database: CopyDatabase;
  let manager: EntityManager;
  let countPoints: CopyDatabase['countPoints'];
  let countWaiting: CopyDatabase['countWaiting'];

  beforeAll(async () => {
    database = await openCopyDatabase();
    ({ manager, countPoints, countWaiting } = database);
  });

  beforeEach(() => database.clear());

  afterAll(() => database?.[Symbol.asyncDispose]());

  /** The pool has its connections back, and each of them answers. */
  const expectUsable = async () => {
    await until(() => readPoolStats(database.dataSource).used === 0);
    expect(await Promise.all(Array.from({ length: 4 }, () => manager.query('SELECT 1 AS one')))).toEqual(
      Array.from({ length: 4 }, () => [{ one: 1 }]),
    );
  };

  it.each([
    ['missing-column', 'label', { id: 1, x: 1, y: 1 }],
    ['unknown-column', 'z', { ...point(1), z: 1 }],
    ['nul-character', 'label', { ...point(1), label: 'a\0' }],
  ])('ends the COPY when a row cannot be written: %s', async (reason, column, row) => {
    const watched = { pulled: 0, isClosed: false };
    function* rows() {
      yield* produce(20_000, watched);
      yield row;
    }
    const error = await rejection(copyIn(manager, Point, rows()));
    expect(error).toMatchObject({ code: 'BULK_ROW_REFUSED', reason, column, row: 20_001 });
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it('refuses a row with a column that the first row did not give', async () => {
    const rows = [{ email: 'a' }, { email: 'b', name: 'B' }];
    expect(await rejection(copyIn(manager, Owner, rows))).toMatchObject({
      reason: 'extra-column',
      column: 'name',
      row: 2,
    });
    expect(await rejection(copyIn(manager, Owner, [{}]))).toMatchObject({ reason: 'empty', row: 1 });
    await expectUsable();
  });

  it('names the row and the column that the server refused, and no value', async () => {
    const rows = [point(1), point(2), { ...point(3), x: 'secret' as unknown as number }];
    const malformed = await rejection(copyIn(manager, Point, rows));
    expect(malformed).toMatchObject({ code: 'COPY_FAILED', row: 3, column: 'x', cause: { code: '22P02' } });
    expect(malformed.message).not.toContain('secret');
    const twice = await rejection(copyIn(manager, Point, [point(1), point(2), point(1)]));
    expect(twice).toMatchObject({ code: 'COPY_FAILED', row: 3, column: undefined, cause: { code: '23505' } });
    const absent = await rejection(
      copyIn(manager, Point, [{ ...point(1), label: null as unknown as string }]),
    );
    expect(absent).toMatchObject({ row: 1, column: 'label', cause: { code: '23502' } });
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it.each([
    ['a fast source', produce],
    ['an asynchronous source', produceSlowly],
  ])('stops pulling from %s when the server refuses a row', async (_, source) => {
    await manager.insert(Point, point(100));
    const watched = { pulled: 0, isClosed: false };
    const error = await rejection(copyIn(manager, Point, source(3_000_000, watched)));
    expect(error).toMatchObject({ code: 'COPY_FAILED', cause: { code: '23505' } });
    expect(watched.isClosed).toBe(true);
    expect(watched.pulled).toBeLessThan(3_000_000);
    expect(await countPoints()).toBe(1);
    await expectUsable();
  });

  it('passes on the error of its source, without telling the server what it says', async () => {
    const failure = new Error('secret of the source');
    async function* rows() {
      yield* produce(10_000);
      throw failure;
    }
    const runner = database.dataSource.createQueryRunner();
    try {
      const { connection } = await runner.connect();
      const told: string[] = [];
      const sendCopyFail = connection.sendCopyFail.bind(connection);
      connection.sendCopyFail = (text: string) => {
        told.push(text);
        sendCopyFail(text);
      };
      expect(await rejection(copyIn(runner.manager, Point, rows()))).toBe(failure);
      expect(told).toEqual(['ended by the client']);
      expect(await runner.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await runner.release();
    }
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it('is aborted while its source makes it wait', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let isWaiting = false;
    async function* rows() {
      yield* produce(10_000);
      isWaiting = true;
      await new Promise(() => {});
    }
    const copying = rejection(copyIn(manager, Point, rows(), { signal: controller.signal }));
    await until(() => isWaiting);
    controller.abort(reason);
    expect(await copying).toBe(reason);
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it('is aborted while a source that never waits goes on', async () => {
    const controller = new AbortController();
    const watched = { pulled: 0, isClosed: false };
    const timer = setInterval(() => watched.pulled > 50_000 && controller.abort(), 1);
    const error = await rejection(
      copyIn(manager, Point, produce(20_000_000, watched), { signal: controller.signal }),
    ).finally(() => clearInterval(timer));
    expect(error).toBe(controller.signal.reason);
    expect(watched).toMatchObject({ isClosed: true });
    expect(watched.pulled).toBeLessThan(20_000_000);
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it('is aborted while the server waits for a lock, and its connection is closed', async () => {
    const controller = new AbortController();
    await manager.transaction(async (transaction) => {
      await transaction.query('LOCK TABLE point');
      const copying = rejection(copyIn(manager, Point, produce(10), { signal: controller.signal }));
      await until(async () => (await countWaiting()) === 1);
      controller.abort();
      expect(await copying).toBe(controller.signal.reason);
    });
    await until(async () => (await countWaiting()) === 0);
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it('does not begin when it is aborted already', async () => {
    await database.readStatements();
    const signal = AbortSignal.abort();
    expect(await rejection(copyIn(manager, Point, produce(10), { signal }))).toBe(signal.reason);
    expect(await database.readStatements()).toEqual([]);
  });

  it('runs in the transaction of its manager, which can go back to a savepoint after a failure', async () => {
    const rollback = new Error('rolled back on purpose');
    const attempt = manager.transaction(async (transaction) => {
      await copyIn(transaction, Point, produce(10));
      expect(await transaction.countBy(Point, {})).toBe(10);
      const failing = transaction.transaction((savepoint) => copyIn(savepoint, Point, [point(11), point(1)]));
      expect(await rejection(failing)).toMatchObject({ code: 'COPY_FAILED', row: 2 });
      expect(await transaction.countBy(Point, {})).toBe(10);
      throw rollback;
    });
    expect(await rejection(attempt)).toBe(rollback);
    expect(await countPoints()).toBe(0);
    await expectUsable();
  });

  it.each([
    ['pg_terminate_backend', '57P01'],
    ['pg_cancel_backend', '57014'],
  ])('blames no row for an end that the server was told of while it was at one: %s', async (end, code) => {
    await using _held = await database.holdAt(5);
    const copying = rejection(copyIn(manager, Point, produce(10)));
    await until(async () => (await countWaiting()) === 1);
    await manager.query(`
      SELECT ${end}(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%'`);
    const error = await copying;
    expect(error).toMatchObject({ code: 'COPY_FAILED', row: undefined, column: undefined, cause: { code } });
    // Control: the server says where it was.
    expect(error.cause).toMatchObject({ where: expect.stringMatching(/COPY point, line 6/) });
    expect(await countPoints()).toBe(0);
  });

  it('ends both sides when the connection is lost in the middle', async () => {
    const dataSource = await openDataSource(openOn(database.url, 1));
    try {
      const watched = { pulled: 0, isClosed: false };
      const runner = dataSource.createQueryRunner();
      const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid');
      async function* rows() {
        for (const row of produce(5_000_000, watched)) {
          if (row.id === 50_000) await manager.query('SELECT pg_terminate_backend($1)', [pid]);
          yield row;
        }
      }
      const error = await rejection(copyIn(runner.manager, Point, rows()));
      expect(error).toMatchObject({ code: 'COPY_FAILED', row: undefined });
      // A source that is at work on a row is closed after that.
      await until(() => watched.isClosed);
      expect(watched.pulled).toBeLessThan(5_000_000);
      expect(await countPoints()).toBe(0);
      await runner.release();
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await closeDataSource(dataSource);
    }
  });
});
