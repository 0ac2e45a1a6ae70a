import type { SqlFragment } from './sql-fragment';

/** How one key of an index is ordered and compared; what is left out is PostgreSQL's default. */
export interface KeyModifiers {
  /** Default `ASC`. Only for btree. */
  readonly order?: 'ASC' | 'DESC';
  /** Default `LAST` for ASC and `FIRST` for DESC, as in SQL: a query's ORDER BY must say the same to use the index. */
  readonly nulls?: 'FIRST' | 'LAST';
  /** For example `text_pattern_ops`, `gin_trgm_ops`, `gist_trgm_ops(siglen=32)`. */
  readonly operatorClass?: string;
  readonly collation?: string;
}

export interface PropertyKeyOptions<P extends string = string> extends KeyModifiers {
  readonly property: P;
}

interface ExpressionKeyOptions<P extends string = string> extends KeyModifiers {
  readonly expression: SqlFragment<P>;
}

/** A property name, an expression, or either with its modifiers. */
export type IndexKey = string | SqlFragment | PropertyKeyOptions | ExpressionKeyOptions;

/** The property or expression in descending order. NULLs come first unless `nulls` says otherwise. */
export function desc<const P extends string>(
  property: P,
  modifiers?: Omit<KeyModifiers, 'order'>,
): PropertyKeyOptions<P> {
  return { property, order: 'DESC', ...modifiers };
}

/** The names of properties that a key, or a list of keys, mentions. */
export type PropertiesOf<K> = K extends string
  ? K
  : K extends SqlFragment<infer P>
    ? P
    : K extends { readonly property: infer P extends string }
      ? P
      : K extends { readonly expression: SqlFragment<infer P> }
        ? P
        : never;

/** Those of the property paths that the entity does not have; `'address.city'` is looked up step by step. */
export type UnknownPaths<E, P extends string> = P extends `${infer Head}.${infer Tail}`
  ? Head extends keyof E
    ? UnknownPaths<NonNullable<E[Head]>, Tail> extends never
      ? never
      : P
    : P
  : P extends keyof E
    ? never
    : P;
