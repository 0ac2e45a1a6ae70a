import type { DataSource } from 'typeorm';
import type { HoldfastPool } from './pool';

/** TypeORM makes a new pool at every `initialize`, and forgets it when that fails: this is who remembers. */
const POOLS = new WeakMap<DataSource, Set<HoldfastPool>>();

/** The DataSource has no open pool: it was not initialized, was destroyed, or was not made by this package. */
export class DataSourceNotOpenError extends Error {
  override readonly name = 'DataSourceNotOpenError';
  readonly code = 'DATA_SOURCE_NOT_OPEN';

  constructor() {
    super('The DataSource has no open pool: open it first, and make it with createPostgresDataSource');
  }
}

/** The pools that TypeORM creates for the DataSource appear in `pools`. */
export function registerPools(dataSource: DataSource, pools: Set<HoldfastPool>): void {
  POOLS.set(dataSource, pools);
}

/** Returns the pool in use. @throws DataSourceNotOpenError */
export function requirePool(dataSource: DataSource): HoldfastPool {
  const open = [...(POOLS.get(dataSource) ?? [])].filter((pool) => !pool.ending);
  const latest = open.at(-1);
  if (!latest) throw new DataSourceNotOpenError();
  return latest;
}

/** Every pool the DataSource ever made is closed, in the bounded time of its settings. */
export async function endPools(dataSource: DataSource): Promise<void> {
  const pools = POOLS.get(dataSource);
  if (!pools) return;
  await Promise.all([...pools].map((pool) => pool.end()));
  for (const pool of pools) if (pool.ending) pools.delete(pool);
}
