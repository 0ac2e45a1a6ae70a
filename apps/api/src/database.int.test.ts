import { createDataSource } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource, readEvents, type TransactionEvent } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { createDatabase } from './create-database';
import { OutcomeUnknownError, type StatementOptions } from './database';

const silent = () => undefined;
const LOGGER = { debug: silent, info: silent, warn: silent, error: silent };
/** Longer than the longest wait before a second attempt, so that there always is one. */
const DEADLINE_MS = 2_000;

/** The statement is done, and its session ends before it can say so. */
const DONE_UNANSWERED = 'select pg_terminate_backend(pg_backend_pid())';
const WAITING = 'select pg_sleep(60)';

type Work = (manager: EntityManager) => Promise<unknown>;
const sending =
  (statement: string): Work =>
  (manager) =>
    manager.query(statement);
const failingWith =
  (error: Error): Work =>
  async () => {
    throw error;
  };

describe('a single writing statement', () => {
  let server: TestDatabase;
  beforeAll(async () => {
    server = await openTestDatabase();
  });
  afterAll(() => server?.drop());

  /** Runs works, one for each attempt, and gives what the call failed with and what was told of it. */
  async function runStatement(
    attempts: readonly Work[],
    options: StatementOptions,
    {
      deadlineMs = DEADLINE_MS,
      onWaiting,
    }: { deadlineMs?: number; onWaiting?: (close: () => void) => void } = {},
  ) {
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: server.url }));
    const told: TransactionEvent[] = [];
    readEvents(dataSource).on('transaction', (event) => told.push(event));
    const { database, manager } = createDatabase(dataSource, {
      logger: LOGGER,
      deadlineMs,
      environment: 'test',
    });
    let runs = 0;
    try {
      const call = database.statement(
        'test',
        async (connection) => {
          const work = attempts[runs];
          runs += 1;
          return work?.(connection);
        },
        options,
      );
      onWaiting?.(() => void manager.close({ deadlineMs: 0 }));
      const error: unknown = await call.then(
        () => undefined,
        (failure: unknown) => failure,
      );
      return { error, runs, told };
    } finally {
      await manager.close();
    }
  }

  /** Resolves once the question has found the waiting statement on the server. */
  async function findWaiting(question: string): Promise<void> {
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: server.url }));
    const isWaiting = `from pg_stat_activity where query = $1 and state = 'active' and datname = current_database()`;
    try {
      while ((await dataSource.query(`${question} ${isWaiting}`, [WAITING])).length === 0);
    } finally {
      await closeDataSource(dataSource);
    }
  }

  class FoundOutError extends Error {}
  const provesUnapplied = (error: unknown) => error instanceof FoundOutError;
  const IDEMPOTENT = { idempotent: true, provesUnapplied };

  it.each([
    ['is cancelled at the deadline', sending(WAITING)],
    ['gets an answer that says nothing of it', sending('select from no_such_table')],
    ['fails by itself', failingWith(new TypeError('a mistake'))],
    ['is lost as well, and again', sending(DONE_UNANSWERED)],
  ])('is of unknown outcome where its answer was lost and the next attempt %s', async (_name, next) => {
    const { error, runs, told } = await runStatement([sending(DONE_UNANSWERED), next, next], IDEMPOTENT);
    expect(runs).toBeGreaterThanOrEqual(2);
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    // The failure after which nobody knew.
    expect(error).toMatchObject({ cause: { code: '57P01' } });
    expect(told).toMatchObject([{ pool: 'primary', outcome: 'unknown', attempts: runs, error }]);
  });

  it('fails with what the next attempt found out, where that proves that none was applied', async () => {
    const found = new FoundOutError('it is not there');
    const works = [sending(DONE_UNANSWERED), failingWith(found)];
    expect(await runStatement(works, IDEMPOTENT)).toMatchObject({ error: found, runs: 2, told: [] });
  });

  it('is not repeated where it is not idempotent, and is of unknown outcome', async () => {
    const { error, runs, told } = await runStatement([sending(DONE_UNANSWERED)], { idempotent: false });
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(runs).toBe(1);
    expect(told).toMatchObject([{ outcome: 'unknown', attempts: 1 }]);
  });

  it('is of unknown outcome where this side closes the connection under it', async () => {
    const onWaiting = (close: () => void) => void findWaiting('select pid').then(close);
    const { error } = await runStatement(
      [sending(WAITING)],
      { idempotent: false },
      { deadlineMs: 60_000, onWaiting },
    );
    // The server has not noticed, and goes on with it.
    await findWaiting('select pg_terminate_backend(pid)');
    expect(error).toBeInstanceOf(OutcomeUnknownError);
  });

  it.each([
    ['cancelled at the deadline', sending(WAITING)],
    [
      'held back at the deadline',
      async (manager: EntityManager) => {
        // Until nothing is sent any more.
        for (;;) await manager.query('select 1');
      },
    ],
  ])('is known not to be applied where it was %s', async (_name, work) => {
    const { error, told } = await runStatement([work], { idempotent: false }, { deadlineMs: 300 });
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(told).toEqual([]);
  });
});
