import type { StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { openDataSource } from '../data-source/open-data-source';
import type { ConnectionManagerOptions } from '../manager/manager-options';
import { createConnectionManager } from '../manager/manager-registry';
import type { TransactionRunner } from '../manager/transaction-runner';
import type { PoolSettings } from '../pool/pool-settings';
import { settings } from './settings';

/** One line as it was logged. */
interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Keeps what is logged. */
export function createRecordingLogger() {
  const lines: LoggedLine[] = [];
  const write = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, message, fields });
  const logger: StructuredLogger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  const messages = (): string[] => lines.map(({ message }) => message);
  return { logger, lines, messages };
}

/** Options of the transactions of these tests: enough to see that they arrive. */
interface PlainTransactionOptions {
  readonly isolation?: 'SERIALIZABLE' | 'READ COMMITTED';
}

/** TypeORM's own transaction, in the shape that a manager takes. */
export function createPlainTransactions(
  dataSource: DataSource,
): TransactionRunner<{ readonly attempt: number }, PlainTransactionOptions> {
  return {
    run: (work, { isolation = 'READ COMMITTED' } = {}) =>
      dataSource.transaction(isolation, (manager) => work(manager, { attempt: 1 })),
  };
}

/** Creates a DataSource that is not open yet. */
export function createTestDataSource(
  url: string,
  pool: Partial<PoolSettings> = {},
  logger?: StructuredLogger,
): DataSource {
  return createPostgresDataSource({
    url,
    pool: { ...settings, ...pool },
    applicationName: 'manager',
    entities: [],
    migrations: [],
    ...(logger && { logger }),
  });
}

/** Opens a DataSource and its manager, which closes both at the end of its block. Without health checks unless asked for. */
export async function openManager(
  url: string,
  pool: Partial<PoolSettings> = {},
  options: Partial<Omit<ConnectionManagerOptions, 'transactions'>> = {},
) {
  const dataSource = createTestDataSource(url, pool);
  // TypeORM's own statements while it opens are not what these tests watch.
  await openDataSource(dataSource);
  const transactions = createPlainTransactions(dataSource);
  const manager = createConnectionManager(dataSource, { healthCheckIntervalMs: 0, transactions, ...options });
  return {
    dataSource,
    manager,
    [Symbol.asyncDispose]: async () => void (await manager.close({ deadlineMs: 0 })),
  };
}
