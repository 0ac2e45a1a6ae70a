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
 */
export async function sendHeard<T>(
  { dataSource, runner, text, values }: HeardStatement,
  send: () => Promise<T>,
): Promise<T> {
  const { logger, options } = dataSource;
  const parameters = values as unknown[];
  const broadcaster = hearsStatements(dataSource) ? runner?.broadcaster : undefined;
  logger.logQuery(text, parameters, runner);
  if (broadcaster) await broadcaster.broadcast('BeforeQuery', text, parameters);
  const startedMs = Date.now();
  let answer: T;
  try {
    answer = await send();
  } catch (error) {
    logger.logQueryError(error as Error, text, parameters, runner);
    if (broadcaster) {
      await broadcaster.broadcast('AfterQuery', text, parameters, false, undefined, undefined, error);
    }
    throw error;
  }
  const elapsedMs = Date.now() - startedMs;
  const { maxQueryExecutionTime } = options;
  if (maxQueryExecutionTime && elapsedMs > maxQueryExecutionTime) {
    logger.logQuerySlow(elapsedMs, text, parameters, runner);
  }
  if (broadcaster) {
    await broadcaster.broadcast('AfterQuery', text, parameters, true, elapsedMs, answer, undefined);
  }
  return answer;
}
