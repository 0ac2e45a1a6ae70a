import type { DataSource } from 'typeorm';
import { requireDataSource } from '../data-source/pool-registry';
import { ConnectionManager } from './connection-manager';
import { ConnectionManagerExistsError, ConnectionManagerMissingError } from './manager-error';
import type { ConnectionManagerOptions } from './manager-options';

const MANAGERS = new WeakMap<DataSource, ConnectionManager>();

/**
 * Creates the connection manager of a DataSource, which everybody can ask for afterwards with `getConnectionManager`. The
 * DataSource may be opened later. Health checks begin after the first interval, and watching the pool at once.
 * @throws ConnectionManagerExistsError unless the one before is closed; ForeignDataSourceError; InvalidOptionError.
 */
export function createConnectionManager<Facts, Options extends object>(
  dataSource: DataSource,
  options: ConnectionManagerOptions<Facts, Options>,
): ConnectionManager<Facts, Options> {
  const existing = MANAGERS.get(dataSource);
  if (existing && !existing.isClosed) throw new ConnectionManagerExistsError();
  const manager = new ConnectionManager(dataSource, options);
  MANAGERS.set(dataSource, manager as unknown as ConnectionManager);
  return manager;
}

/**
 * Returns the connection manager of a DataSource. One that was closed is returned as well, and refuses all work.
 * @throws ConnectionManagerMissingError when none was created; InvalidOptionError when it is no DataSource.
 */
export function getConnectionManager(dataSource: DataSource): ConnectionManager {
  const manager = MANAGERS.get(dataSource);
  if (manager) return manager;
  requireDataSource(dataSource);
  throw new ConnectionManagerMissingError();
}
