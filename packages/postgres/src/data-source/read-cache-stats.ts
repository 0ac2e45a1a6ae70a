import type { DataSource } from 'typeorm';
import { type CompiledCaches, findKeptEntity } from '../repository/compiled-entity';
import type { SessionCaches } from '../statements/session-policy';
import { requirePool, requireRegistration } from './pool-registry';

/** What is kept for an entity. */
export interface EntityCaches extends CompiledCaches {
  /** As TypeORM calls it. */
  readonly entity: string;
}

/** What is kept for the connections of a pool. */
export interface PoolCaches extends SessionCaches {
  /** `primary`, or the name of a replica. */
  readonly pool: string;
}

export interface CacheStats {
  /** Of those that a compiled repository has worked with. */
  readonly entities: readonly EntityCaches[];
  readonly pools: readonly PoolCaches[];
}

/**
 * Reads how full the caches of a DataSource are: what is compiled, and what its connections hold on the server. All are bounded.
 * @throws DataSourceNotOpenError before `initialize` or after `destroy`; InvalidOptionError when it is no DataSource.
 */
export function readCacheStats(dataSource: DataSource): CacheStats {
  requirePool(dataSource);
  const pools = [...requireRegistration(dataSource).pools].filter(({ ending }) => !ending);
  return {
    entities: dataSource.entityMetadatas.flatMap((metadata) => {
      const caches = findKeptEntity(metadata)?.caches;
      return caches === undefined ? [] : [{ entity: metadata.name, ...caches }];
    }),
    pools: pools.map(({ name, session }) => ({ pool: name, ...session.caches })),
  };
}
