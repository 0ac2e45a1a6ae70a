import type { PoolClient } from 'pg';
import type { ConnectCallback } from '../pool/waiter';

/** What of TypeORM's driver is used. */
export interface ConnectionSource {
  /** The pool of the primary; undefined before the DataSource is open. */
  readonly master?: { connect(callback: ConnectCallback): void } | undefined;
  /** Whether there are replicas. */
  readonly isReplicated: boolean;
  obtainMasterConnection(): Promise<[PoolClient, unknown]>;
  obtainSlaveConnection(): Promise<[PoolClient, unknown]>;
}

/**
 * Resolves with a connection of a driver's pool, which its `release` gives back; with fewer promises than the driver takes for that.
 * @param isRead Whether a replica will do, where there are any.
 */
export function obtainConnection(driver: ConnectionSource, isRead: boolean): Promise<PoolClient> {
  const { master } = driver;
  if (isRead && driver.isReplicated) return driver.obtainSlaveConnection().then(([client]) => client);
  if (master === undefined) return driver.obtainMasterConnection().then(([client]) => client);
  return new Promise((resolve, reject) => {
    master.connect((error, client) => (client === undefined ? reject(error) : resolve(client)));
  });
}
