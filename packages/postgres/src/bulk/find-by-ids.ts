import { requireNumber } from '@holdfast/resilience';
import type { EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { BulkIdError } from './bulk-error';
import { type EntityId, type ReadId, readId, readIdTypes } from './entity-id';
import { quoteIdentifier } from './identifier';
import { type ManagerSource, readManager, withoutParameters } from './run-statements';
import { renderArray } from './text-value';

/** How entities are looked up. */
export interface FindByIdsOptions {
  /** Different ids of one statement at most: an integer of at least 1. Default 5000. */
  readonly batchSize?: number;
  /** Whether soft-deleted rows count as present. Default false. */
  readonly withDeleted?: boolean;
  /** Looked at before each statement; one that is running is not interrupted. */
  readonly signal?: AbortSignal;
}

export const FIND_BY_IDS_DEFAULTS = Object.freeze({ batchSize: 5000, withDeleted: false });

/**
 * Resolves with the entities in the order of the ids: null where there is none, one object for equal ids. Relations are
 * not loaded. Every statement has one array parameter a key column. No ids, no statement.
 *
 * More ids than `batchSize` are looked up one statement after the other, which see one state of the database only in a
 * transaction of REPEATABLE READ or above.
 *
 * UUIDs, integers and `character` keys are compared by value. Keys of other types must be given as the database writes
 * them: `'1.50'` rather than `'1.5'` for a numeric(8,2); a row found under another spelling is an error, never a null.
 *
 * @throws BulkIdError, BulkColumnTypeError, InvalidOptionError, QueryFailedError without parameters, the signal's reason.
 */
export async function findByIds<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  ids: readonly EntityId<Entity>[],
  options: FindByIdsOptions = {},
): Promise<(Entity | null)[]> {
  const { batchSize, withDeleted, signal } = { ...FIND_BY_IDS_DEFAULTS, ...options };
  requireNumber('batchSize', batchSize, { min: 1, integer: true });
  const manager = readManager(source);
  const metadata = manager.dataSource.getMetadata(entity);
  const wanted = ids.map((id, index) => readId(metadata, id, index + 1));
  const different = [...new Map(wanted.map((id) => [id.key, id])).values()];
  const found = new Map<string, Entity>();
  for (let start = 0; start < different.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = different.slice(start, start + batchSize);
    const keys = new Set(batch.map(({ key }) => key));
    for (const row of await select(manager, entity, metadata, batch, withDeleted)) {
      const { key } = readId(metadata, row, 0);
      if (!keys.has(key)) throw new BulkIdError(metadata.name, 'spelling');
      found.set(key, row);
    }
  }
  return wanted.map(({ key }) => found.get(key) ?? null);
}

const ALIAS = 'entity';

function select<Entity extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Entity>,
  metadata: EntityMetadata,
  ids: readonly ReadId[],
  withDeleted: boolean,
): Promise<Entity[]> {
  const query = manager.createQueryBuilder(entity, ALIAS).where(renderCondition(metadata));
  if (withDeleted) query.withDeleted();
  for (const index of metadata.primaryColumns.keys()) {
    query.setParameter(`key${index}`, renderArray(ids.map(({ texts }) => texts[index] ?? null)));
  }
  return withoutParameters(query.getMany());
}

function renderCondition(metadata: EntityMetadata): string {
  const columns = metadata.primaryColumns.map(
    ({ databaseName }) => `${quoteIdentifier(ALIAS)}.${quoteIdentifier(databaseName)}`,
  );
  const arrays = readIdTypes(metadata).map((type, index) => `CAST(:key${index} AS ${type}[])`);
  return columns.length === 1
    ? `${columns[0]} = ANY(${arrays[0]})`
    : `(${columns.join(', ')}) IN (SELECT * FROM unnest(${arrays.join(', ')}))`;
}
