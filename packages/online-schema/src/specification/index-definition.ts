/** Access methods of PostgreSQL's core. */
export const INDEX_METHODS = ['btree', 'hash', 'gist', 'spgist', 'gin', 'brin'] as const;

export type IndexMethod = (typeof INDEX_METHODS)[number];

/** Values PostgreSQL accepts for a storage parameter, for example `{ fillfactor: 90, fastupdate: false }`. */
export type StorageParameters = Readonly<Record<string, string | number | boolean>>;

/**
 * What an index is, in the words of SQL. One shape for what entities declare, what a migration freezes and
 * what the catalog holds, so that each can be rendered and compared by the same code.
 */
export interface IndexDefinition {
  /** Schema of the table; left out, the search path decides. */
  readonly schema?: string | undefined;
  readonly table: string;
  readonly name: string;
  /** Key elements in order, as SQL: `"created_at" DESC NULLS LAST`, `(lower("email")) text_pattern_ops`. */
  readonly keys: readonly string[];
  /** Default `btree`. */
  readonly method?: string | undefined;
  /** Default false. */
  readonly unique?: boolean | undefined;
  /** A unique index that takes two NULLs for equal. Default false. */
  readonly nullsNotDistinct?: boolean | undefined;
  /** Columns carried by the index but not part of its key, as plain names. */
  readonly include?: readonly string[] | undefined;
  /** Predicate of a partial index, as SQL without `WHERE`. */
  readonly where?: string | undefined;
  readonly storage?: StorageParameters | undefined;
  /** Extensions that must exist before the index can be built, for example `pg_trgm`. */
  readonly requires?: readonly string[] | undefined;
}

/** One key of an index in its parts; what is PostgreSQL's default for the column or expression is left out. */
export interface IndexKeyPart {
  /** The column or expression alone. */
  readonly text: string;
  readonly isExpression: boolean;
  readonly collation: string | null;
  readonly operatorClass: string | null;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** An index as the catalog holds it: every default spelled out, every text canonicalised by the server. */
export interface CatalogIndex extends IndexDefinition {
  readonly schema: string;
  /** What `keys` is made of. */
  readonly parts: readonly IndexKeyPart[];
  readonly method: string;
  readonly unique: boolean;
  readonly nullsNotDistinct: boolean;
  readonly include: readonly string[];
  readonly storage: Readonly<Record<string, string>>;
  /** False: no query may use it, and a unique one still rejects rows. */
  readonly valid: boolean;
  /** False: writes do not maintain it yet. */
  readonly ready: boolean;
  /** Name of the constraint (primary key, unique, exclusion) that owns the index, or null. */
  readonly constraint: string | null;
  /** True for an index of a partition that is part of its parent's index, and comes and goes with that. */
  readonly attached: boolean;
}
