import { createDataSource, type Environment, type Variables } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import { openDataSource } from '@holdfast/postgres';
import { warnOfLacks } from './check-role';
import { createDatabase } from './create-database';
import type { Database } from './database';
import { withSmallPool } from './small-pool';

/** The database for what is about all organizations, on connections of its own: it is needed when all others are in use. */
export interface OperationsDatabase {
  readonly database: Database;
  /** @throws DatabaseConnectionError */
  open(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Keys of operators are looked for, and dead letters replayed. */
const MOST_CONNECTIONS = 2;

/**
 * Makes the database of what operates the service, whose role may do more than that of the requests. Opens nothing.
 *
 * @param variables name its server and role as `DATABASE_URL`.
 */
export function createOperationsDatabase(
  variables: Variables,
  options: { readonly environment: Environment; readonly logger: Logger; readonly deadlineMs: number },
): OperationsDatabase {
  const { environment, logger } = options;
  const dataSource = createDataSource(
    environment,
    withSmallPool(variables, 'holdfast-operations', MOST_CONNECTIONS),
    { logger },
  );
  const { database, manager } = createDatabase(dataSource, options);
  return {
    database,
    async open(signal) {
      await openDataSource(dataSource, { logger, signal });
      await warnOfLacks(dataSource, logger);
    },
    close: async () => void (await manager.close()),
  };
}
