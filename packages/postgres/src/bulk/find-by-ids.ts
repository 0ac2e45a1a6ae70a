import { requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { findCompiledEntity } from '../repository/compiled-entity';
import { readRows } from '../repository/read-rows';
import { ALIAS } from '../repository/select-parts';
import { BulkIdError } from './bulk-error';
import { readTarget } from './bulk-target';
import { type EntityId, type ReadId, readId, readIdTypes, readStoredKey } from './entity-id';
import { quoteIdentifier } from './identifier';
import { requireFlag, requireIds, requireSignal } from './require-arguments';
import { type ManagerSource, withoutParameters } from './run-statements';
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
 * @throws BulkIdError for an id that cannot be one, before anything is sent; BulkColumnTypeError; InvalidOptionError, also
 * for arguments of a wrong kind; DataSourceNotOpenError; QueryFailedError without parameters; the signal's reason.
 */
export async function findByIds<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  ids: readonly EntityId<Entity>[],
  options: FindByIdsOptions = {},
): Promise<(Entity | null)[]> {
  requireKnownOptions('findByIds', options, ['batchSize', 'withDeleted', 'signal']);
  const { batchSize, withDeleted, signal } = { ...FIND_BY_IDS_DEFAULTS, ...options };
  requireNumber('batchSize', batchSize, { min: 1, integer: true });
  requireFlag('withDeleted', withDeleted);
  requireSignal(signal);
  requireIds(ids);
  const { manager, metadata } = readTarget(source, entity);
  const wanted = ids.map((id, index) => readId(metadata, id, index + 1));
  const different = [...new Map(wanted.map((id) => [id.key, id])).values()];
  const found = new Map<string, Entity>();
  for (let start = 0; start < different.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = different.slice(start, start + batchSize);
    const { rows, hasStrays } = await findRows(manager, entity, metadata, batch, withDeleted);
    if (hasStrays) throw new BulkIdError(metadata.name, 'spelling');
    for (const [key, row] of rows) found.set(key, row);
  }
  return wanted.map(({ key }) => found.get(key) ?? null);
}

/** What one statement found. */
interface FoundRows<Entity> {
  /** By their keys, which are among those of the ids. */
  readonly rows: ReadonlyMap<string, Entity>;
  /** Rows were found that the server takes for equal to an id which reads differently. */
  readonly hasStrays: boolean;
}

/** Looks up different ids by one statement. */
export async function findRows<Entity extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Entity>,
  metadata: EntityMetadata,
  ids: readonly ReadId[],
  withDeleted: boolean,
): Promise<FoundRows<Entity>> {
  const keys = new Set(ids.map(({ key }) => key));
  const rows = new Map<string, Entity>();
  let hasStrays = false;
  for (const row of await select(manager, entity, metadata, ids, withDeleted)) {
    const key = readStoredKey(metadata, row);
    if (keys.has(key)) rows.set(key, row);
    else hasStrays = true;
  }
  return { rows, hasStrays };
}

async function select<Entity extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Entity>,
  metadata: EntityMetadata,
  ids: readonly ReadId[],
  withDeleted: boolean,
): Promise<Entity[]> {
  const arrays = metadata.primaryColumns.map((_, at) =>
    renderArray(ids.map(({ texts }) => texts[at] ?? null)),
  );
  const compiled = findCompiledEntity(metadata);
  if (compiled !== undefined) {
    const conditions = [
      renderCondition(metadata, ALIAS, (at) => `$${at + 1}`),
      ...compiled.listStandingConditions(withDeleted),
    ];
    const text = `${compiled.whole.text} WHERE ${conditions.join(' AND ')}`;
    return readRows(manager, { text, values: arrays, reader: compiled.whole, isRead: true });
  }
  const condition = renderCondition(metadata, quoteIdentifier(ENTITY), (at) => `:key${at}`);
  const query = manager.createQueryBuilder(entity, ENTITY).where(condition);
  if (withDeleted) query.withDeleted();
  for (const [at, array] of arrays.entries()) query.setParameter(`key${at}`, array);
  return withoutParameters(query.getMany());
}

/** What a query builder calls it. */
const ENTITY = 'entity';

function renderCondition(metadata: EntityMetadata, alias: string, name: (at: number) => string): string {
  const columns = metadata.primaryColumns.map(
    ({ databaseName }) => `${alias}.${quoteIdentifier(databaseName)}`,
  );
  const arrays = readIdTypes(metadata).map((type, at) => `CAST(${name(at)} AS ${type}[])`);
  return columns.length === 1
    ? `${columns[0]} = ANY(${arrays[0]})`
    : `(${columns.join(', ')}) IN (SELECT * FROM unnest(${arrays.join(', ')}))`;
}
