import { InvalidOptionError, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import type { BulkRow, Property } from '../bulk/bulk-row';
import { readTarget } from '../bulk/bulk-target';
import { type EntityId, readIdTexts } from '../bulk/entity-id';
import { type FindByIdsOptions, findByIds } from '../bulk/find-by-ids';
import { findWritableColumns } from '../bulk/find-columns';
import {
  type InsertManyOptions,
  type InsertManyResult,
  insertMany,
  type Returning,
} from '../bulk/insert-many';
import { requireFlag, requireSignal } from '../bulk/require-arguments';
import type { ManagerSource } from '../bulk/run-statements';
import { type ExplainOptions, explainCall } from '../explain/explain-call';
import type { Explanation } from '../explain/explanation';
import { type CompiledEntity, compiledEntityOf } from './compiled-entity';
import type {
  ConditionOptions,
  EntityRepository,
  EntityRow,
  FindOptions,
  Page,
  PageOptions,
  QueryOptions,
  ReadOptions,
  StreamOptions,
  UpsertOptions,
} from './entity-repository';
import { findPage } from './find-page';
import { planFind, READ_OPTIONS } from './plan-find';
import { readAnswer, readRows } from './read-rows';
import {
  renderDeleteOne,
  renderInsertOne,
  renderUpdateOne,
  renderUpsertOne,
  type WriteStatement,
} from './render-write';
import { requireUnheard } from './require-readable';
import { requireStatement } from './require-statement';
import { streamRows } from './row-stream';
import { RowSuppressedError } from './row-suppressed-error';

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

const STREAM_DEFAULTS = Object.freeze({ batchSize: 500 });
/** As the protocol counts rows. */
const MAX_BATCH_SIZE = 2 ** 31 - 1;
const STREAM_OPTIONS = [
  ...READ_OPTIONS.filter((option) => option !== 'relations'),
  ...['limit', 'offset', 'batchSize', 'signal'],
];

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
    const texts = readIdTexts(this.#entity.metadata, id);
    const lookUps = withDeleted ? this.#entity.byId : this.#entity.byIdNotDeleted;
    const [found] = await lookUps.find(this.#manager, texts);
    return (found as Entity | undefined) ?? null;
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

  async findPage(options: PageOptions<Entity>): Promise<Page<Entity>> {
    requireKnownOptions('findPage', options, [...READ_OPTIONS, 'limit', 'after']);
    return findPage(this.#manager, this.#entity, options);
  }

  stream(options: StreamOptions<Entity> = {}): AsyncGenerator<Entity, void, undefined> {
    requireKnownOptions('stream', options, STREAM_OPTIONS);
    const { batchSize, signal, ...find } = { ...STREAM_DEFAULTS, ...options };
    requireNumber('batchSize', batchSize, { min: 1, max: MAX_BATCH_SIZE, integer: true });
    requireSignal(signal);
    return streamRows(this.#manager, { ...planFind(this.#entity, find), batchSize, signal });
  }

  async query(text: string, values: readonly unknown[] = [], options: QueryOptions = {}): Promise<Entity[]> {
    const isRead = requireStatement('query', text, values, options);
    return readRows(this.#manager, { text, values, reader: this.#entity.rows, isRead });
  }

  async queryRows<Rest extends object>(
    text: string,
    values: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<EntityRow<Entity, Rest>[]> {
    const isRead = requireStatement('queryRows', text, values, options);
    return readRows(this.#manager, { text, values, reader: this.#entity.rowsInParts, isRead });
  }

  columnsOf(alias: string): string {
    if (typeof alias !== 'string') throw new InvalidOptionError('alias', typeof alias, 'a name');
    return this.#entity.columnsOf(alias);
  }

  async insert(row: BulkRow<Entity>): Promise<Entity> {
    requireUnheard(this.#entity.metadata, 'Insert');
    const [written] = await this.#write(renderInsertOne(this.#entity, row));
    if (written === undefined) throw new RowSuppressedError(this.#entity.metadata.name);
    return written;
  }

  insertMany<Name extends Property<Entity>>(
    rows: Iterable<BulkRow<Entity>>,
    options: InsertManyOptions & Returning<Name>,
  ): Promise<InsertManyResult & { readonly rows: Pick<Entity, Name>[] }>;
  insertMany(rows: Iterable<BulkRow<Entity>>, options?: InsertManyOptions): Promise<InsertManyResult>;
  async insertMany<Name extends Property<Entity>>(
    rows: Iterable<BulkRow<Entity>>,
    options: InsertManyOptions & Partial<Returning<Name>> = {},
  ): Promise<InsertManyResult> {
    requireUnheard(this.#entity.metadata, 'Insert');
    return insertMany(this.#manager, this.#target, rows, options);
  }

  update(
    id: EntityId<Entity>,
    changes: BulkRow<Entity>,
    options: ConditionOptions<Entity> & { readonly returning: false },
  ): Promise<boolean>;
  update(
    id: EntityId<Entity>,
    changes: BulkRow<Entity>,
    options?: ConditionOptions<Entity>,
  ): Promise<Entity | null>;
  async update(
    id: EntityId<Entity>,
    changes: BulkRow<Entity>,
    options: ConditionOptions<Entity> & { readonly returning?: boolean } = {},
  ): Promise<Entity | boolean | null> {
    const { metadata } = this.#entity;
    requireKnownOptions('update', options, ['where', 'returning']);
    const { where, returning = true } = options;
    requireFlag('returning', returning);
    requireUnheard(metadata, 'Update');
    const texts = readIdTexts(metadata, id);
    const statement = renderUpdateOne(this.#entity, texts, changes, { where, returning });
    if (!returning) {
      const { rowCount } = await readAnswer(this.#manager, this.#createWrite(statement));
      return rowCount !== 0;
    }
    const [written] = await this.#write(statement);
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

  async delete(id: EntityId<Entity>, options: ConditionOptions<Entity> = {}): Promise<Entity | null> {
    const { metadata } = this.#entity;
    requireKnownOptions('delete', options, ['where']);
    requireUnheard(metadata, 'Remove');
    const texts = readIdTexts(metadata, id);
    const [written] = await this.#write(renderDeleteOne(this.#entity, texts, options.where));
    return written ?? null;
  }

  async explain(
    call: (repository: EntityRepository<Entity>) => unknown,
    options?: ExplainOptions,
  ): Promise<Explanation> {
    if (typeof call !== 'function') throw new InvalidOptionError('call', typeof call, 'a function');
    const callWith = (manager: EntityManager) =>
      call(new CompiledRepository<Entity>(manager, this.#target, this.#entity));
    return explainCall(this.#manager, callWith, options);
  }

  #write(statement: WriteStatement): Promise<Entity[]> {
    return readRows(this.#manager, this.#createWrite(statement));
  }

  #createWrite({ text, values }: WriteStatement) {
    return { text, values, reader: this.#entity.whole, isRead: false };
  }

  #find(options: FindOptions<Entity>): Promise<Entity[]> {
    return readRows(this.#manager, { ...planFind(this.#entity, options), isRead: true });
  }
}
