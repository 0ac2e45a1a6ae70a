import type { IndexDifference } from '../catalog/index-difference';
import type { NameOwner } from '../catalog/read-name-owners';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import type { EntityTable } from './read-entity-tables';

interface Declared {
  readonly table: EntityTable;
  /** As declared: without a schema where the entity has none. */
  readonly definition: IndexDefinition;
}

interface Existing {
  readonly table: EntityTable;
  readonly existing: CatalogIndex;
}

/**
 * How one index stands: declared and in order, declared and not in order, or there without being declared. What the
 * drift report, the plan and generated migrations say about indexes all comes from this.
 */
export type IndexState =
  | ({ readonly kind: 'same' } & Declared & Existing)
  /** `lacks` is what the server misses for it, where the entities declare that as well: a column, an enum value. */
  | ({ readonly kind: 'missing'; readonly lacks: string | undefined } & Declared)
  /** The same index of the same table has another name. */
  | ({ readonly kind: 'renamed' } & Declared & Existing)
  /** Valid, and not what is declared; perhaps on another one of the entities' tables. */
  | ({ readonly kind: 'different'; readonly differences: readonly IndexDifference[] } & Declared & Existing)
  /** Queries may not use it (`invalid`), or writes do not maintain it either (`not-ready`). */
  | ({
      readonly kind: 'invalid' | 'not-ready';
      readonly differences: readonly IndexDifference[];
    } & Declared &
      Existing)
  /** Not valid, while a session holds the lock under which indexes of the table are built and dropped. */
  | ({
      readonly kind: 'building';
      readonly definition: IndexDefinition | undefined;
      readonly pid: number;
    } & Existing)
  /** The name belongs to a constraint, to a table that no entity has, or to something that is no index. */
  | ({ readonly kind: 'name-taken'; readonly owner: NameOwner } & Declared)
  | ({
      readonly kind: 'refused';
      readonly existing: CatalogIndex | undefined;
      readonly refusal: Error;
    } & Declared)
  /** Left by a REINDEX CONCURRENTLY or by a replacement that was cut off. */
  | ({ readonly kind: 'remains' } & Existing)
  | ({ readonly kind: 'undeclared' } & Existing);

export type IndexStateOf<K extends IndexState['kind']> = Extract<IndexState, { readonly kind: K }>;
