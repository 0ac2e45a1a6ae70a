import type { DataSource } from 'typeorm';
import { type ConnectionTarget, readConnectionTarget } from '../connection/connection-target';

/** Reads where a DataSource was told that its primary is. */
export function readDataSourceTarget({ options }: DataSource): ConnectionTarget {
  if (options.type !== 'postgres') return readConnectionTarget('');
  return readConnectionTarget(options.url ?? options.replication?.master.url ?? '');
}
