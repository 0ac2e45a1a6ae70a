import type { QueryRunner } from 'typeorm';
import type { SentStatement } from './run-prepared';

/** The work has run, and these are the statements that it sent through the runner, as the driver was given them. */
export async function captureStatements(
  runner: QueryRunner,
  work: () => Promise<unknown>,
): Promise<readonly SentStatement[]> {
  const sent: SentStatement[] = [];
  const { query } = runner;
  const watched: typeof query = (sql: string, parameters?: unknown[], ...rest: []) => {
    sent.push({ sql, parameters: [...(parameters ?? [])] });
    return query.call(runner, sql, parameters, ...rest) as never;
  };
  Object.assign(runner, { query: watched });
  try {
    await work();
  } finally {
    Reflect.deleteProperty(runner, 'query');
  }
  return sent.filter(({ sql }) => !/^\s*(?:begin|start|commit|rollback|savepoint|release|set)\b/i.test(sql));
}
