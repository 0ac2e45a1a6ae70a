import type { EntityMetadata } from 'typeorm';
import { findColumns } from '../bulk/find-columns';
import { quoteIdentifier } from '../bulk/identifier';
import type { CacheFill } from '../statements/cache-fill';
import { CompiledSelect } from './compiled-select';
import { EntityRows, RowsInParts } from './entity-rows';
import { type EntityShape, shapeOf } from './entity-shape';
import { mayGenerateCode } from './generated-code';
import { GivenReader } from './given-values';
import { joinTreeOf, keyOfRelations } from './join-tree';
import { JoinedSelect } from './joined-select';
import { KeyLookUps } from './key-look-ups';
import { LeastRecentlyUsed } from './least-recently-used';
import { type PropertyTree, treeOf } from './property-tree';
import { isHeard, requireUnheardLoad } from './require-readable';
import { ALIAS } from './select-parts';
import { renderKind, renderNotDeleted } from './standing-conditions';
import { UnsupportedEntityError } from './unsupported-entity-error';

/** Selections of one entity that are kept: code is generated for each. */
const MAX_SELECTS = 256;
/** Texts that are kept of writes. */
const MAX_WRITES = 256;
/** Lists of columns that are kept: statements that are written by hand have few aliases. */
const MAX_ALIASES = 16;

const COMPILED = new WeakMap<EntityMetadata, CompiledEntity>();
const UNSUPPORTED = new WeakSet<EntityMetadata>();

/** What is compiled of an entity, once for its DataSource. @throws UnsupportedEntityError */
export function compiledEntityOf(metadata: EntityMetadata): CompiledEntity {
  requireUnheardLoad(metadata);
  const known = COMPILED.get(metadata);
  if (known !== undefined) return known;
  // Here, and not when an answer is read: what wrote it is done by then.
  if (!mayGenerateCode()) {
    throw new UnsupportedEntityError(
      metadata.name,
      'processes that may not generate code',
      'rows are read by such code',
    );
  }
  const compiled = new CompiledEntity(metadata);
  COMPILED.set(metadata, compiled);
  return compiled;
}

/** The same; undefined for what it does not support. */
export function findCompiledEntity(metadata: EntityMetadata): CompiledEntity | undefined {
  if (UNSUPPORTED.has(metadata) || isHeard(metadata, 'Load')) return undefined;
  try {
    return compiledEntityOf(metadata);
  } catch (error) {
    if (!(error instanceof UnsupportedEntityError)) throw error;
    UNSUPPORTED.add(metadata);
    return undefined;
  }
}

/** What is compiled of an entity, if anything is. */
export function findKeptEntity(metadata: EntityMetadata): CompiledEntity | undefined {
  return COMPILED.get(metadata);
}

/** What is kept of what was compiled. */
export interface CompiledCaches {
  /** Selections of some of its properties. */
  readonly selects: CacheFill;
  /** Selections with relations. */
  readonly relations: CacheFill;
  /** Lists of columns. */
  readonly aliases: CacheFill;
  /** Answers to statements that were written by hand. */
  readonly answers: CacheFill;
  /** Of these, those that are read in parts. */
  readonly answersInParts: CacheFill;
}

export class CompiledEntity {
  readonly metadata: EntityMetadata;
  readonly tree: PropertyTree;
  /** All that is selected by default. */
  readonly whole: CompiledSelect;
  /** Whose parameters are the columns of the primary key. */
  readonly byId: KeyLookUps;
  readonly byIdNotDeleted: KeyLookUps;
  /** Reads what statements that were written by hand answer. */
  readonly rows: EntityRows;
  readonly rowsInParts: RowsInParts;
  /** Texts of writes of one row, by kind and columns. */
  readonly writes = new LeastRecentlyUsed<string>(MAX_WRITES);
  readonly given: GivenReader;
  readonly #shape: EntityShape;
  readonly #columns = new LeastRecentlyUsed<string>(MAX_ALIASES);
  readonly #selects = new LeastRecentlyUsed<CompiledSelect>(MAX_SELECTS);
  readonly #joins = new LeastRecentlyUsed<JoinedSelect>(MAX_SELECTS);
  readonly #standing: readonly string[];
  readonly #standingNotDeleted: readonly string[];

  constructor(metadata: EntityMetadata) {
    this.metadata = metadata;
    this.tree = treeOf(metadata);
    this.#shape = shapeOf(metadata);
    this.given = new GivenReader(metadata);
    this.whole = new CompiledSelect(this.#shape);
    this.rows = new EntityRows(this.#shape);
    this.rowsInParts = new RowsInParts(this.#shape);
    this.#standing = Object.freeze(renderKind(metadata, ALIAS));
    this.#standingNotDeleted = Object.freeze([...renderNotDeleted(metadata, ALIAS), ...this.#standing]);
    const byId = `${this.whole.text} WHERE ${this.renderKey(1)}`;
    this.byId = new KeyLookUps(metadata.dataSource, byId, this.whole);
    const notDeleted = renderNotDeleted(metadata, ALIAS);
    this.byIdNotDeleted =
      notDeleted.length === 0
        ? this.byId
        : new KeyLookUps(metadata.dataSource, [byId, ...notDeleted].join(' AND '), this.whole);
  }

  get caches(): CompiledCaches {
    return {
      selects: this.#selects.fill,
      relations: this.#joins.fill,
      aliases: this.#columns.fill,
      answers: this.rows.fill,
      answersInParts: this.rowsInParts.fill,
    };
  }

  /**
   * The selection of these properties.
   * @throws InvalidOptionError for one that the entity has not.
   */
  select(properties: readonly string[]): CompiledSelect {
    return this.#selects.get(properties.join('\n'), () => {
      findColumns(this.metadata, 'select', properties);
      return new CompiledSelect(shapeOf(this.metadata, properties));
    });
  }

  /**
   * The selection of the entity with these relations.
   * @throws InvalidOptionError; UnsupportedEntityError
   */
  join(relations: object, withDeleted: boolean): JoinedSelect {
    const joined = this.#joins.get(
      `${withDeleted} ${keyOfRelations(relations)}`,
      () => new JoinedSelect(joinTreeOf(this.metadata, relations, withDeleted)),
    );
    for (const metadata of joined.entities) requireUnheardLoad(metadata);
    return joined;
  }

  /** The columns that are selected by default, of what has this alias. */
  columnsOf(alias: string): string {
    return this.#columns.get(alias, () =>
      this.#shape.columns
        .map(({ databaseName }) => `${quoteIdentifier(alias)}.${quoteIdentifier(databaseName)}`)
        .join(', '),
    );
  }

  /** Conditions that hold for every row, whatever is asked. */
  listStandingConditions(withDeleted: boolean): readonly string[] {
    return withDeleted ? this.#standing : this.#standingNotDeleted;
  }

  /** The condition on the primary key, whose values are parameters from this number on, and on the kind of the entity. */
  renderKey(first: number): string {
    const keys = this.metadata.primaryColumns.map(
      ({ databaseName }, at) => `${ALIAS}.${quoteIdentifier(databaseName)} = $${first + at}`,
    );
    return [...keys, ...this.#standing].join(' AND ');
  }
}
