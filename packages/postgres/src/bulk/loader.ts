import { requireNumber } from '@holdfast/resilience';
import DataLoader from 'dataloader';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { type EntityId, readId } from './entity-id';
import { findByIds } from './find-by-ids';
import { type ManagerSource, readManager } from './run-statements';

/** How a loader gathers and remembers. */
export interface LoaderOptions {
  /** Different ids of one statement at most: an integer of at least 1. Default 1000. */
  readonly maxBatchSize?: number;
  /** Whether what was found, or found absent, is remembered. Default true. */
  readonly cache?: boolean;
  /** Whether soft-deleted rows count as present. Default false. */
  readonly withDeleted?: boolean;
}

/** Look-ups by id for one request. */
export interface Loader<Entity> {
  /** Resolves with the entity, or null. @throws as `findByIds` does; a failure is not remembered. */
  load(id: EntityId<Entity>): Promise<Entity | null>;
  /** Resolves with the entities in the order of the ids. */
  loadMany(ids: readonly EntityId<Entity>[]): Promise<(Entity | null)[]>;
  /** The next look-up of this id asks the database. */
  clear(id: EntityId<Entity>): void;
}

export const LOADER_DEFAULTS = Object.freeze({ maxBatchSize: 1000, cache: true, withDeleted: false });

/**
 * Creates a loader: look-ups of one tick go out as one statement. Make one per request; what it remembers is bounded by
 * nothing but its own life, and is shared by everybody who asks for the same id.
 *
 * It is bound to its manager. In a transaction of that manager it still gathers, but it remembers nothing: a
 * transaction must see its own writes, and what it has seen need not survive it.
 *
 * @throws InvalidOptionError
 */
export function createLoader<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  options: LoaderOptions = {},
): Loader<Entity> {
  const { maxBatchSize, cache, withDeleted } = { ...LOADER_DEFAULTS, ...options };
  requireNumber('maxBatchSize', maxBatchSize, { min: 1, integer: true });
  const manager = readManager(source);
  const metadata = manager.dataSource.getMetadata(entity);
  const remembered = new Map<string, Promise<Entity | null>>();
  const remembers = () => cache && !manager.queryRunner?.isTransactionActive;
  const loader = new DataLoader<EntityId<Entity>, Entity | null, string>(
    (ids) => findByIds(manager, entity, ids, { batchSize: maxBatchSize, withDeleted }),
    {
      maxBatchSize,
      cacheKeyFn: (id) => readId(metadata, id, 1).key,
      cacheMap: {
        get: (key) => (remembers() ? remembered.get(key) : undefined),
        set: (key, entity) => remembers() && remembered.set(key, entity),
        delete: (key) => remembered.delete(key),
        clear: () => remembered.clear(),
      },
    },
  );
  // Loading throws at once for an id that cannot be read; callers expect a rejection.
  const load = async (id: EntityId<Entity>) => loader.load(id);
  return {
    load,
    loadMany: (ids) => Promise.all(ids.map(load)),
    clear: (id) => void loader.clear(id),
  };
}
