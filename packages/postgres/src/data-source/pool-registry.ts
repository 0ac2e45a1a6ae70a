import { InvalidOptionError, type StructuredLogger } from '@holdfast/resilience';
import { type DataSource, InstanceChecker } from 'typeorm';
import type { PostgresEmitter } from '../events/postgres-events';
import type { CutConnection } from '../pool/cut-connection';
import type { HoldfastPool } from '../pool/pool';
import { PRIMARY_POOL } from '../pool/pool-options';
import type { ClusterPools } from '../replicas/cluster-pools';
import type { ReplicaStats } from '../replicas/replica';

/** What belongs to a DataSource and outlives each of its pools. */
export interface Registration {
  /** TypeORM makes a new pool at every `initialize`, and forgets it when that fails: this is who remembers. */
  readonly pools: Set<HoldfastPool>;
  readonly events: PostgresEmitter;
  /** Told of idle connections that fail, and of those that are cut. */
  readonly logger?: StructuredLogger | undefined;
  /** The pools in use, where there are replicas. */
  cluster?: ClusterPools;
}

const REGISTRATIONS = new WeakMap<DataSource, Registration>();

/** The DataSource has no open pool: it was not initialized, was destroyed, or was not made by this package. */
export class DataSourceNotOpenError extends Error {
  override readonly name = 'DataSourceNotOpenError';
  readonly code = 'DATA_SOURCE_NOT_OPEN';

  constructor() {
    super('The DataSource has no open pool: open it first, and make it with createPostgresDataSource');
  }
}

/** The DataSource was not made by this package, which therefore knows nothing of its connections. */
export class ForeignDataSourceError extends Error {
  override readonly name = 'ForeignDataSourceError';
  readonly code = 'FOREIGN_DATA_SOURCE';

  constructor() {
    super('The DataSource was not made by createPostgresDataSource');
  }
}

/** The pools that TypeORM creates for the DataSource appear in `pools`. */
export function registerPools(dataSource: DataSource, registration: Registration): void {
  REGISTRATIONS.set(dataSource, registration);
}

/**
 * Returns what the connections of a DataSource tell; listening may begin before it is open, and lasts over reopening.
 * @throws ForeignDataSourceError, InvalidOptionError
 */
export function readEvents(dataSource: DataSource): PostgresEmitter {
  return requireRegistration(dataSource).events;
}

/** @throws ForeignDataSourceError, or InvalidOptionError when it is no DataSource at all. */
export function requireRegistration(dataSource: DataSource): Registration {
  const registration = REGISTRATIONS.get(dataSource);
  if (registration) return registration;
  requireDataSource(dataSource);
  throw new ForeignDataSourceError();
}

/** @throws InvalidOptionError when it is no DataSource, of whatever make. */
export function requireDataSource(dataSource: unknown): void {
  if (InstanceChecker.isDataSource(dataSource)) return;
  throw new InvalidOptionError('dataSource', dataSource, 'a DataSource made by createPostgresDataSource');
}

/** Returns the pool in use, or undefined when the DataSource is not open. */
export function findPool(dataSource: DataSource): HoldfastPool | undefined {
  let found: HoldfastPool | undefined;
  for (const pool of REGISTRATIONS.get(dataSource)?.pools ?? []) {
    if (!pool.ending && pool.name === PRIMARY_POOL) found = pool;
  }
  return found;
}

/** Returns the pool in use. @throws DataSourceNotOpenError, or InvalidOptionError when it is no DataSource at all. */
export function requirePool(dataSource: DataSource): HoldfastPool {
  const pool = findPool(dataSource);
  if (pool) return pool;
  requireDataSource(dataSource);
  throw new DataSourceNotOpenError();
}

/**
 * Every pool the DataSource ever made is closed, within `limitMs` or the bounded time of its settings.
 * @returns what had to be cut.
 */
export async function endPools(dataSource: DataSource, limitMs?: number): Promise<readonly CutConnection[]> {
  const pools = REGISTRATIONS.get(dataSource)?.pools;
  if (!pools) return [];
  const cut = await Promise.all([...pools].map((pool) => pool.drain(limitMs ?? pool.settings.destroyMs)));
  for (const pool of pools) if (pool.ending) pools.delete(pool);
  return cut.flat();
}

/**
 * Reads what is known of the replicas of a DataSource; empty when it has none.
 * @throws DataSourceNotOpenError before `initialize` or after `destroy`.
 */
export function readReplicaStats(dataSource: DataSource): readonly ReplicaStats[] {
  requirePool(dataSource);
  return REGISTRATIONS.get(dataSource)?.cluster?.readReplicaStats() ?? [];
}
