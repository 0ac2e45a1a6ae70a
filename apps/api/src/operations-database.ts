import { createDataSource, type Environment, type Variables } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import { openDataSource } from '@holdfast/postgres';
import { warnOfLacks } from './check-role';
import { createDatabase, type Database } from './database';

/** The database for what is about all organizations, on connections of its own: it is needed when all others are in use. */
export interface OperationsDatabase {
  readonly database: Database;
  /** @throws DatabaseConnectionError */
  open(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Few, closed when nobody looks at the console. */
const OVERRIDES: Variables = Object.freeze({
  DATABASE_REPLICA_URLS: '',
  DATABASE_APPLICATION_NAME: 'holdfast-operations',
  DATABASE_POOL_MIN: '0',
  DATABASE_POOL_MAX: '2',
  DATABASE_POOL_IDLE_MS: '10000',
  DATABASE_POOL_ACQUIRE_MS: '1500',
  DATABASE_POOL_CREATE_MS: '1500',
  DATABASE_POOL_DESTROY_MS: '500',
  DATABASE_POOL_LEAK_MS: '0',
});

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
  const dataSource = createDataSource(environment, { ...variables, ...OVERRIDES }, { logger });
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
