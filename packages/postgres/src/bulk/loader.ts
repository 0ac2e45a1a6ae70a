import { requireKnownOptions, requireNumber } from '@holdfast/resilience';
import DataLoader from 'dataloader';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { BulkIdError } from './bulk-error';
import { readTarget } from './bulk-target';
import { type EntityId, type ReadId, readId } from './entity-id';
import { findRows } from './find-by-ids';
import { requireFlag, requireIds } from './require-arguments';
import type { ManagerSource } from './run-statements';

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
 * An id that cannot be one fails alone, before anything is sent, where the type of its column tells: uuid and integers. An
 * id of another type that the server refuses fails its whole batch.
 *
 * @throws InvalidOptionError, also for arguments of a wrong kind; DataSourceNotOpenError.
 */
export function createLoader<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  options: LoaderOptions = {},
): Loader<Entity> {
  requireKnownOptions('createLoader', options, ['maxBatchSize', 'cache', 'withDeleted']);
  const { maxBatchSize, cache, withDeleted } = { ...LOADER_DEFAULTS, ...options };
  requireNumber('maxBatchSize', maxBatchSize, { min: 1, integer: true });
  requireFlag('cache', cache);
  requireFlag('withDeleted', withDeleted);
  const { manager, metadata } = readTarget(source, entity);
  const remembered = new Map<string, Promise<Entity | null>>();
  const remembers = () => cache && !manager.queryRunner?.isTransactionActive;

  const findBatch = async (ids: readonly ReadId[]): Promise<(Entity | Error | null)[]> => {
    const different = [...new Map(ids.map((id) => [id.key, id])).values()];
    const { rows, hasStrays } = await findRows(manager, entity, metadata, different, withDeleted);
    return ids.map(({ key }) => {
      const row = rows.get(key);
      if (row) return row;
      if (!hasStrays) return null;
      // Whose row it is cannot be told; those whose own row was found have nothing to do with it.
      remembered.delete(key);
      return new BulkIdError(metadata.name, 'spelling');
    });
  };
  const loader = new DataLoader<ReadId, Entity | null, string>(findBatch, {
    maxBatchSize,
    cacheKeyFn: ({ key }) => key,
    cacheMap: {
      get: (key) => (remembers() ? remembered.get(key) : undefined),
      set: (key, entity) => remembers() && remembered.set(key, entity),
      delete: (key) => remembered.delete(key),
      clear: () => remembered.clear(),
    },
  });
  return {
    load: async (id) => loader.load(readId(metadata, id)),
    loadMany: async (ids) => {
      requireIds(ids);
      return Promise.all(ids.map(async (id, index) => loader.load(readId(metadata, id, index + 1))));
    },
    clear: (id) => void loader.clear(readId(metadata, id)),
  };
}
