import type { FindOptionsOrder, FindOptionsRelations, FindOptionsWhere } from 'typeorm';
import type { BulkRow, Property } from '../bulk/bulk-row';
import type { EntityId } from '../bulk/entity-id';
import type { FindByIdsOptions } from '../bulk/find-by-ids';
import type { InsertManyOptions, InsertManyResult, Returning } from '../bulk/insert-many';
import type { ExplainOptions } from '../explain/explain-call';
import type { Explanation } from '../explain/explanation';

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
  /** As TypeORM's: stands in front of the statement, such as `CUSTOM_PLAN`. Default: none. */
  readonly comment?: string;
}

/** A list of entities. */
export interface FindOptions<Entity> extends ReadOptions<Entity> {
  /** At most so many: an integer of at least 0. Default: all. */
  readonly limit?: number;
  /** Those that are left out at its beginning: an integer of at least 0. Default 0. */
  readonly offset?: number;
}

/** A list of any length. */
export interface StreamOptions<Entity> extends Omit<FindOptions<Entity>, 'relations'> {
  /** Entities that are in memory at once at most, and come with one round trip: an integer of at least 1. Default 500. */
  readonly batchSize?: number;
  /** Looked at before each batch; one that is under way is not interrupted. */
  readonly signal?: AbortSignal;
}

/** A page of a list, behind the one before. */
export interface PageOptions<Entity> extends ReadOptions<Entity> {
  /**
   * Its properties tell all rows apart: the primary key is among them, or those of another unique key that are never null. All of them are
   * selected.
   */
  readonly order: FindOptionsOrder<Entity>;
  /** Entities of the page at most: an integer of at least 1. */
  readonly limit: number;
  /** The `next` of the page before, in the same order. Default: none, for the first page. */
  readonly after?: string | undefined;
}

export interface Page<Entity> {
  readonly entities: Entity[];
  /**
   * Where the next page begins, for its option `after`; null where there is none. An opaque text, which can be kept for as long as one wants; whoever
   * has it can read the values of the order's properties in it.
   */
  readonly next: string | null;
}

/** Reads entities with statements and code that are compiled once. */
export interface EntityRepository<Entity> {
  /**
   * Resolves with the entity, or null. Outside of a transaction those of one turn of the event loop share a round trip.
   * @throws BulkIdError for an id that cannot be one.
   */
  findById(id: EntityId<Entity>, options?: Pick<ReadOptions<Entity>, 'withDeleted'>): Promise<Entity | null>;
  /** Resolves with the entities in the order of the ids, as the function `findByIds` does. */
  findByIds(ids: readonly EntityId<Entity>[], options?: FindByIdsOptions): Promise<(Entity | null)[]>;
  /** Resolves with the first one, or null. */
  findOne(options: ReadOptions<Entity>): Promise<Entity | null>;
  find(options?: FindOptions<Entity>): Promise<Entity[]>;
  /**
   * Yields the entities one by one, from one statement and one state of the database, a batch in memory at a time. In the manager's transaction
   * where it has one, beside its other statements; else in one of its own, on a connection that comes back when the loop ends, however it ends.
   * @throws at once InvalidOptionError; UnsupportedEntityError. While it is read, also StreamOpenError; the signal's reason.
   */
  stream(options?: StreamOptions<Entity>): AsyncGenerator<Entity, void, undefined>;
  /**
   * Resolves with the entities behind a place of their order, which an index in this order finds without those in front of it. Of rows
   * that stay what they are, none is skipped and none comes twice, whatever else is inserted or deleted between two pages.
   * @throws InvalidOptionError for an order in which rows may be equal, or a cursor of another one.
   */
  findPage(options: PageOptions<Entity>): Promise<Page<Entity>>;
  /**
   * Resolves with the rows of a statement as entities: by name, each column that TypeORM selects by default, and nothing else.
   * @throws AnswerMismatchError
   */
  query(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<Entity[]>;
  /**
   * As `query`, of a statement that answers with other columns besides: each row in two parts.
   * @throws AnswerMismatchError
   */
  queryRows<Rest extends object>(
    text: string,
    values?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<EntityRow<Entity, Rest>[]>;
  /** The columns that `query` and `queryRows` want, as a statement selects them from a table or function with this alias. */
  columnsOf(alias: string): string;
  /**
   * The row is in the table; resolves with it as it is there, defaults and all. The object that was given is not changed.
   * @throws BulkRowError for what cannot be written.
   */
  insert(row: BulkRow<Entity>): Promise<Entity>;
  /**
   * The rows are in the table, all or none, as by the function `insertMany`; resolves with how many, and with what `returning` names of them.
   * @throws BulkRowError for a row that cannot be written; BulkWriteError for one that the server refuses; BulkColumnTypeError.
   */
  insertMany<Name extends Property<Entity>>(
    rows: Iterable<BulkRow<Entity>>,
    options: InsertManyOptions & Returning<Name>,
  ): Promise<InsertManyResult & { readonly rows: Pick<Entity, Name>[] }>;
  insertMany(rows: Iterable<BulkRow<Entity>>, options?: InsertManyOptions): Promise<InsertManyResult>;
  /**
   * The row has these values; resolves with it as it is then, or with null if there is none. Its version goes up by one, and the date of its last
   * update is the time of the transaction, unless they are among the changes.
   * @throws BulkRowError for what cannot be written; BulkIdError.
   */
  update(
    id: EntityId<Entity>,
    changes: BulkRow<Entity>,
    options?: ConditionOptions<Entity>,
  ): Promise<Entity | null>;
  /** The same, without an answer that is not wanted: resolves with whether there was such a row. */
  update(
    id: EntityId<Entity>,
    changes: BulkRow<Entity>,
    options: ConditionOptions<Entity> & { readonly returning: false },
  ): Promise<boolean>;
  /**
   * The row is in the table, inserted or taken over by the one with the same key; resolves with it as it is there. Null
   * where that one takes nothing over, since the row gives nothing but the key.
   * @throws BulkRowError for what cannot be written.
   */
  upsert(row: BulkRow<Entity>, options: UpsertOptions<Property<Entity>>): Promise<Entity | null>;
  /** The row is gone; resolves with it as it was, or with null if there was none. @throws BulkIdError */
  delete(id: EntityId<Entity>, options?: ConditionOptions<Entity>): Promise<Entity | null>;
  /**
   * Resolves with how the server would answer the first statement of a call, which is not sent: `orders.explain((it) => it.find({ … }))`.
   * @throws InvalidOptionError for a call that sends nothing.
   */
  explain(
    call: (repository: EntityRepository<Entity>) => unknown,
    options?: ExplainOptions,
  ): Promise<Explanation>;
}

/** What is known of a statement that is written by hand. */
export interface QueryOptions {
  /**
   * Whether a replica may answer it, as it may `find`: where the DataSource has replicas, and the manager no connection of its own.
   * Default false: it may write.
   */
  readonly fromReplica?: boolean;
}

/** A row of a statement that answers with more than an entity. */
export interface EntityRow<Entity, Rest> {
  /** Null where the row has none, as in an outer join: its key is null. */
  readonly entity: Entity | null;
  /** By the names of the columns, as node-postgres parses them. */
  readonly rest: Rest;
}

/** What else holds for the row that is written. */
export interface ConditionOptions<Entity> {
  /** Compared in the same statement: a row of which it does not hold stays as it is, and there is none to resolve with. */
  readonly where?: ReadOptions<Entity>['where'];
}

/** What a row is known by. */
export interface UpsertOptions<Name extends string> {
  /** Properties whose columns have a unique index, without a predicate. The row must give them. */
  readonly conflict: readonly Name[];
  /** Properties that an existing row takes over. Default: those that the row gives, save the key and the conflict. */
  readonly update?: readonly Name[];
}
