import type { DataSource } from 'typeorm';
import { requirePool } from './pool-registry';
import type { PoolStats } from './pool-stats';

/**
 * Reads the counts of a DataSource's pool.
 * @throws DataSourceNotOpenError before `initialize` or after `destroy`.
 */
export function readPoolStats(dataSource: DataSource): PoolStats {
  return requirePool(dataSource).stats;
}
