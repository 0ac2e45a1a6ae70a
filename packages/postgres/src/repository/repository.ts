import { InvalidOptionError, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type {
  EntityManager,
  EntityTarget,
  FindOptionsOrder,
  FindOptionsRelations,
  FindOptionsWhere,
  ObjectLiteral,
} from 'typeorm';
import type { BulkRow, Property } from '../bulk/bulk-row';
import { readTarget } from '../bulk/bulk-target';
import { type EntityId, readId } from '../bulk/entity-id';
import { type FindByIdsOptions, findByIds } from '../bulk/find-by-ids';
import { findWritableColumns } from '../bulk/find-columns';
import { quoteTable } from '../bulk/identifier';
import { refuseArgument, requireFlag } from '../bulk/require-arguments';
import type { ManagerSource } from '../bulk/run-statements';
import { type CompiledEntity, compiledEntityOf } from './compiled-entity';
import { ALIAS } from './compiled-select';
import { readRows } from './read-rows';
import { renderOrder } from './render-order';
import { renderWhere } from './render-where';
import { renderInsertOne, renderUpdateOne, renderUpsertOne, type WriteStatement } from './render-write';
import { requireUnheard } from './require-readable';
import { RowSuppressedError } from './row-suppressed-error';

/** Which entities are read, and what of them. */
export interface ReadOptions<Entity> {
  /** As TypeORM's, by columns of the entity itself. Default: all. */
  readonly where?: FindOptionsWhere<Entity> | readonly FindOptionsWhere<Entity>[];
  /** Paths of properties; of an embedded object, all that is in it. Default: all that are selected by default. */
  readonly select?: readonly string[];
  /** As TypeORM's: related entities that are read in the same statement; not together with `select`. Default: none. */
  readonly relations?: FindOptionsRelations<Entity>;
  /** As TypeORM's, by columns of the entity itself. Default: none, which is any. */
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
  /**
   * The row is in the table; resolves with it as it is there, defaults and all. The object that was given is not changed.
   * @throws BulkRowError for what cannot be written.
   */
  insert(row: BulkRow<Entity>): Promise<Entity>;
  /**
   * The row has these values; resolves with it as it is then, or with null if there is none. Its version goes up by one, and the date of its last
   * update is the time of the transaction, unless they are among the changes.
   * @throws BulkRowError for what cannot be written; BulkIdError.
   */
  update(id: EntityId<Entity>, changes: BulkRow<Entity>): Promise<Entity | null>;
  /**
   * The row is in the table, inserted or taken over by the one with the same key; resolves with it as it is there. Null
   * where that one takes nothing over, since the row gives nothing but the key.
   * @throws BulkRowError for what cannot be written.
   */
  upsert(row: BulkRow<Entity>, options: UpsertOptions<Property<Entity>>): Promise<Entity | null>;
  /** The row is gone; resolves with it as it was, or with null if there was none. @throws BulkIdError */
  delete(id: EntityId<Entity>): Promise<Entity | null>;
}

/** What a row is known by. */
export interface UpsertOptions<Name extends string> {
  /** Properties whose columns have a unique index, without a predicate. The row must give them. */
  readonly conflict: readonly Name[];
  /** Properties that an existing row takes over. Default: those that the row gives, save the key and the conflict. */
  readonly update?: readonly Name[];
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

const READ_OPTIONS = ['where', 'select', 'relations', 'order', 'withDeleted'] as const;

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
    const [found] = await readRows<Entity>(this.#manager, {
      text,
      values: texts,
      reader: whole,
      isRead: true,
    });
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
    // It may write.
    return readRows(this.#manager, { text, values, reader: this.#entity.rows, isRead: false });
  }

  async insert(row: BulkRow<Entity>): Promise<Entity> {
    requireUnheard(this.#entity.metadata, 'Insert');
    const [written] = await this.#write(renderInsertOne(this.#entity, row));
    if (written === undefined) throw new RowSuppressedError(this.#entity.metadata.name);
    return written;
  }

  async update(id: EntityId<Entity>, changes: BulkRow<Entity>): Promise<Entity | null> {
    const { metadata } = this.#entity;
    requireUnheard(metadata, 'Update');
    const [written] = await this.#write(renderUpdateOne(this.#entity, readId(metadata, id).texts, changes));
    return written ?? null;
  }

  async upsert(row: BulkRow<Entity>, options: UpsertOptions<Property<Entity>>): Promise<Entity | null> {
    const { metadata } = this.#entity;
    requireKnownOptions('upsert', options, ['conflict', 'update']);
    requireUnheard(metadata, 'Insert');
    requireUnheard(metadata, 'Update');
    const conflict = findWritableColumns(metadata, 'conflict', options.conflict);
    if (conflict.length === 0) {
      throw new InvalidOptionError('conflict', options.conflict, 'a list of at least one property');
    }
    const update = options.update && findWritableColumns(metadata, 'update', options.update);
    const [written] = await this.#write(renderUpsertOne(this.#entity, row, { conflict, update }));
    return written ?? null;
  }

  async delete(id: EntityId<Entity>): Promise<Entity | null> {
    const { metadata, whole } = this.#entity;
    requireUnheard(metadata, 'Remove');
    const text = `DELETE FROM ${quoteTable(metadata)} AS ${ALIAS} WHERE ${this.#entity.renderKey(1)} ${whole.returning}`;
    const [written] = await this.#write({ text, values: readId(metadata, id).texts });
    return written ?? null;
  }

  #write({ text, values }: WriteStatement): Promise<Entity[]> {
    return readRows(this.#manager, { text, values, reader: this.#entity.whole, isRead: false });
  }

  #find(options: FindOptions<Entity>): Promise<Entity[]> {
    const { where, select, relations, order, withDeleted = false, limit, offset = 0 } = options;
    requireFlag('withDeleted', withDeleted);
    if (limit !== undefined) requireNumber('limit', limit, { min: 0, integer: true });
    requireNumber('offset', offset, { min: 0, integer: true });
    const entity = this.#entity;
    const values: unknown[] = [];
    const conditions = [
      ...entity.listStandingConditions(withDeleted),
      where === undefined ? '' : renderWhere(entity.tree, where, { metadata: entity.metadata, values }),
    ];
    const parts = {
      where: conditions.filter((condition) => condition !== '').join(' AND '),
      order: order === undefined ? '' : renderOrder(entity.tree, order).join(', '),
      range: renderRange(limit, offset),
    };
    if (relations !== undefined && select !== undefined) {
      throw new InvalidOptionError('select', select, 'left out where relations are read');
    }
    if (relations !== undefined) {
      const joined = entity.join(relations, withDeleted);
      return readRows(this.#manager, { text: joined.render(parts), values, reader: joined, isRead: true });
    }
    const selected = select === undefined ? entity.whole : entity.select(requireProperties(select));
    return readRows(this.#manager, { text: selected.render(parts), values, reader: selected, isRead: true });
  }
}

/** In the text, so that the plan knows it. */
function renderRange(limit: number | undefined, offset: number): string {
  return [limit !== undefined && `LIMIT ${limit}`, offset > 0 && `OFFSET ${offset}`]
    .filter((part) => part !== false)
    .join(' ');
}

function requireProperties(select: unknown): readonly string[] {
  if (Array.isArray(select) && select.length > 0 && select.every((path) => typeof path === 'string'))
    return select;
  throw new InvalidOptionError('select', select, 'a list of at least one path of a property');
}
