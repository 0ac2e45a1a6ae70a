import type { DataSource } from 'typeorm';

/** What is done before a statement is sent, in its own session. */
type Before = (sql: string, query: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<void>;

/** The same DataSource, which does something before each statement of the runners that it makes. */
export function beforeStatements(dataSource: DataSource, before: Before): DataSource {
  return Object.create(dataSource, {
    createQueryRunner: {
      value: (...args: Parameters<DataSource['createQueryRunner']>) => {
        const runner = dataSource.createQueryRunner(...args);
        const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<never>;
        return Object.assign(runner, {
          query: async (...statement: unknown[]) => {
            await before(String(statement[0]), query);
            return query(...statement);
          },
        });
      },
    },
  });
}
