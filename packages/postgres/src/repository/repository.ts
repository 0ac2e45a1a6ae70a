import { InvalidOptionError, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { EntityManager, EntityTarget, FindOptionsOrder, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { readTarget } from '../bulk/bulk-target';
import { type EntityId, readId } from '../bulk/entity-id';
import { type FindByIdsOptions, findByIds } from '../bulk/find-by-ids';
import { refuseArgument, requireFlag } from '../bulk/require-arguments';
import type { ManagerSource } from '../bulk/run-statements';
import { type CompiledEntity, compiledEntityOf } from './compiled-entity';
import { readRows } from './read-rows';
import { renderOrder } from './render-order';
import { renderWhere } from './render-where';

/** Which entities are read, and what of them. */
export interface ReadOptions<Entity> {
  /** As TypeORM's, by columns of the entity itself. Default: all. */
  readonly where?: FindOptionsWhere<Entity> | readonly FindOptionsWhere<Entity>[];
  /** Paths of properties; of an embedded object, all that is in it. Default: all that are selected by default. */
  readonly select?: readonly string[];
  /** As TypeORM's. Default: none, which is any. */
  readonly order?: FindOptionsOrder<Entity>;
  /** Whether soft-deleted rows are there. Default false. */
  readonly withDeleted?: boolean;
}

/** A list of entities. */
export interface FindOptions<Entity> extends ReadOptions<Entity> {
  /** At most so many: an integer of at least 0. Default: all. */
  readonly limit?: number;
  /** Those that are left out at its beginning: an integer of at least 0. Default 0. */
  readonly offset?: number;
}

/** Reads entities with statements and code that are compiled once. */
export interface EntityRepository<Entity> {
  /** Resolves with the entity, or null. @throws BulkIdError for an id that cannot be one. */
  findById(id: EntityId<Entity>, options?: Pick<ReadOptions<Entity>, 'withDeleted'>): Promise<Entity | null>;
  /** Resolves with the entities in the order of the ids, as the function `findByIds` does. */
  findByIds(ids: readonly EntityId<Entity>[], options?: FindByIdsOptions): Promise<(Entity | null)[]>;
  /** Resolves with the first one, or null. */
  findOne(options: ReadOptions<Entity>): Promise<Entity | null>;
  find(options?: FindOptions<Entity>): Promise<Entity[]>;
  /**
   * Resolves with the rows of a statement as entities: by name, each column that TypeORM selects by default, and nothing else.
   * @throws AnswerMismatchError
   */
  query(text: string, values?: readonly unknown[]): Promise<Entity[]>;
}

/**
 * Reads entities as TypeORM's repository does, with the same entities as its answer, from the same connection: that of the manager's
 * transaction, if it has one.
 *
 * @throws UnsupportedEntityError for an entity that it would read otherwise; InvalidOptionError; DataSourceNotOpenError. Its
 * functions: also QueryFailedError, without parameters; ForeignDataSourceError.
 */
export function createRepository<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
): EntityRepository<Entity> {
  const { manager, metadata } = readTarget(source, entity);
  return new CompiledRepository<Entity>(manager, entity, compiledEntityOf(metadata));
}

const READ_OPTIONS = ['where', 'select', 'order', 'withDeleted'] as const;

class CompiledRepository<Entity extends ObjectLiteral> implements EntityRepository<Entity> {
  readonly #manager: EntityManager;
  readonly #target: EntityTarget<Entity>;
  readonly #entity: CompiledEntity;

  constructor(manager: EntityManager, target: EntityTarget<Entity>, entity: CompiledEntity) {
    this.#manager = manager;
    this.#target = target;
    this.#entity = entity;
  }

  async findById(
    id: EntityId<Entity>,
    options: Pick<ReadOptions<Entity>, 'withDeleted'> = {},
  ): Promise<Entity | null> {
    requireKnownOptions('findById', options, ['withDeleted']);
    const { withDeleted = false } = options;
    requireFlag('withDeleted', withDeleted);
    const { texts } = readId(this.#entity.metadata, id);
    const { whole } = this.#entity;
    const text = withDeleted ? this.#entity.byId : this.#entity.byIdNotDeleted;
    const [found] = await readRows<Entity>(this.#manager, text, texts, whole);
    return found ?? null;
  }

  findByIds(ids: readonly EntityId<Entity>[], options?: FindByIdsOptions): Promise<(Entity | null)[]> {
    return findByIds(this.#manager, this.#target, ids, options);
  }

  async findOne(options: ReadOptions<Entity>): Promise<Entity | null> {
    requireKnownOptions('findOne', options, READ_OPTIONS);
    const [found] = await this.#find({ ...options, limit: 1 });
    return found ?? null;
  }

  async find(options: FindOptions<Entity> = {}): Promise<Entity[]> {
    requireKnownOptions('find', options, [...READ_OPTIONS, 'limit', 'offset']);
    return this.#find(options);
  }

  async query(text: string, values: readonly unknown[] = []): Promise<Entity[]> {
    if (typeof text !== 'string') throw new InvalidOptionError('text', typeof text, 'a statement');
    if (!Array.isArray(values)) throw refuseArgument('values', values, 'a list of parameters');
    return readRows(this.#manager, text, values, this.#entity.rows);
  }

  #find({
    where,
    select,
    order,
    withDeleted = false,
    limit,
    offset = 0,
  }: FindOptions<Entity>): Promise<Entity[]> {
    requireFlag('withDeleted', withDeleted);
    if (limit !== undefined) requireNumber('limit', limit, { min: 0, integer: true });
    requireNumber('offset', offset, { min: 0, integer: true });
    const entity = this.#entity;
    const selected = select === undefined ? entity.whole : entity.select(requireProperties(select));
    const values: unknown[] = [];
    const terms = { metadata: entity.metadata, values };
    const conditions = [
      ...entity.listStandingConditions(withDeleted),
      where === undefined ? '' : renderWhere(entity.tree, where, terms),
    ].filter((condition) => condition !== '');
    const orders = order === undefined ? [] : renderOrder(entity.tree, order);
    const text = [
      selected.text,
      conditions.length > 0 && `WHERE ${conditions.join(' AND ')}`,
      orders.length > 0 && `ORDER BY ${orders.join(', ')}`,
      // In the text, so that the plan knows it.
      limit !== undefined && `LIMIT ${limit}`,
      offset > 0 && `OFFSET ${offset}`,
    ]
      .filter((part) => part !== false)
      .join(' ');
    return readRows(this.#manager, text, values, selected);
  }
}

function requireProperties(select: unknown): readonly string[] {
  if (Array.isArray(select) && select.length > 0 && select.every((path) => typeof path === 'string'))
    return select;
  throw new InvalidOptionError('select', select, 'a list of at least one path of a property');
}
