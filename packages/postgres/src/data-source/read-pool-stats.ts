import type { DataSource } from 'typeorm';
import type { PoolStats } from '../pool/pool-stats';
import { requirePool } from './pool-registry';

/**
 * Reads the counts of a DataSource's pool.
 * @throws DataSourceNotOpenError before `initialize` or after `destroy`; InvalidOptionError when it is no DataSource.
 */
export function readPoolStats(dataSource: DataSource): PoolStats {
  return requirePool(dataSource).stats;
}
