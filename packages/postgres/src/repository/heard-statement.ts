import type { DataSource, QueryRunner } from 'typeorm';

/** A statement that does not go through TypeORM. */
interface HeardStatement {
  readonly dataSource: DataSource;
  /** On whose connection it is sent, if it is one's. */
  readonly runner: QueryRunner | undefined;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Whether there are subscribers who want to hear of statements. What they are told names a query runner. */
export function hearsStatements({ subscribers }: DataSource): boolean {
  return (
    subscribers.length > 0 &&
    subscribers.some(({ beforeQuery, afterQuery }) => beforeQuery !== undefined || afterQuery !== undefined)
  );
}

/**
 * Sends a statement, and tells those to whom TypeORM tells of its own what it tells them: its logger, also of slow statements and
 * failures, and subscribers.
 * @param describe makes of a failure what is thrown, when it was told. Default: as it is.
 */
export function sendHeard<T>(
  statement: HeardStatement,
  send: () => Promise<T>,
  describe: (error: unknown) => unknown = (error) => error,
): Promise<T> {
  const { dataSource, runner, text, values } = statement;
  dataSource.logger.logQuery(text, values as unknown[], runner);
  const broadcaster = hearsStatements(dataSource) ? runner?.broadcaster : undefined;
  const startedMs = Date.now();
  if (broadcaster) return sendTold({ ...statement, broadcaster }, send, describe);
  return send().then(
    (answer) => {
      tellSlow(statement, Date.now() - startedMs);
      return answer;
    },
    (error) => {
      tellFailure(statement, error);
      throw describe(error);
    },
  );
}

async function sendTold<T>(
  statement: HeardStatement & Pick<QueryRunner, 'broadcaster'>,
  send: () => Promise<T>,
  describe: (error: unknown) => unknown,
): Promise<T> {
  const { text, broadcaster } = statement;
  const values = statement.values as unknown[];
  await broadcaster.broadcast('BeforeQuery', text, values);
  const startedMs = Date.now();
  let answer: T;
  try {
    answer = await send();
  } catch (error) {
    tellFailure(statement, error);
    await broadcaster.broadcast('AfterQuery', text, values, false, undefined, undefined, error);
    throw describe(error);
  }
  const elapsedMs = Date.now() - startedMs;
  tellSlow(statement, elapsedMs);
  await broadcaster.broadcast('AfterQuery', text, values, true, elapsedMs, answer, undefined);
  return answer;
}

function tellSlow({ dataSource, runner, text, values }: HeardStatement, elapsedMs: number): void {
  const { logger, options } = dataSource;
  const { maxQueryExecutionTime } = options;
  if (!maxQueryExecutionTime || elapsedMs <= maxQueryExecutionTime) return;
  logger.logQuerySlow(elapsedMs, text, values as unknown[], runner);
}

function tellFailure({ dataSource, runner, text, values }: HeardStatement, error: unknown): void {
  dataSource.logger.logQueryError(error as Error, text, values as unknown[], runner);
}
