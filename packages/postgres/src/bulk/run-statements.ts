import {
  type DataSource,
  type EntityManager,
  QueryFailedError,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
} from 'typeorm';
import type { Statement } from './render-insert';

/** Where statements go: a DataSource, or the manager of a transaction that is under way. */
export type ManagerSource = DataSource | EntityManager;

/**
 * Runs work on the manager's own connection, or on one that is given back afterwards.
 * @throws QueryRunnerAlreadyReleasedError: a query runner that was released would take a connection that nobody gives back.
 */
export async function withRunner<T>(
  manager: EntityManager,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const { queryRunner } = manager;
  if (queryRunner?.isReleased) throw new QueryRunnerAlreadyReleasedError();
  if (queryRunner) return work(queryRunner);
  const runner = manager.dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}

/** What one statement did. */
export interface Outcome {
  readonly records: readonly Record<string, unknown>[];
  readonly affected: number;
}

/** Runs one statement. A failure keeps its text but not its parameters, which are the rows. */
export async function runStatement(runner: QueryRunner, { text, parameters }: Statement): Promise<Outcome> {
  const { records, affected } = await withoutParameters(runner.query(text, [...parameters], true));
  return { records, affected: affected ?? 0 };
}

/** Passes on a result; TypeORM's error loses the parameters it carries. */
export async function withoutParameters<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof QueryFailedError) Object.assign(error, { parameters: [] });
    throw error;
  }
}

/**
 * Runs one statement per item: a single one as it is, several in a transaction, or in a savepoint of the one under way.
 * All of them take effect or none does.
 */
export async function runAtomically<Item, Result>(
  manager: EntityManager,
  items: Iterator<Item>,
  run: (runner: QueryRunner, item: Item) => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result[]> {
  signal?.throwIfAborted();
  // What is run is let go of: it may be large.
  const taken: Item[] = [];
  const takeNext = (): boolean => {
    const next = items.next();
    if (!next.done) taken.push(next.value);
    return !next.done;
  };
  if (!takeNext()) return [];
  const isSingle = !takeNext();
  const runAll = async (runner: QueryRunner): Promise<Result[]> => {
    const results: Result[] = [];
    do {
      signal?.throwIfAborted();
      results.push(await run(runner, taken.shift() as Item));
    } while (taken.length > 0 || takeNext());
    return results;
  };
  if (!isSingle) return manager.transaction((transaction) => withRunner(transaction, runAll));
  return withRunner(manager, async (runner) => {
    // What is sent is made when it can be: callers who wait for a connection do not hold it.
    await runner.connect();
    return runAll(runner);
  });
}
