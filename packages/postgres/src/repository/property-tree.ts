import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { quoteIdentifier } from '../bulk/identifier';
import { ALIAS } from './select-parts';

/** A column, and what statements call it. */
export interface NamedColumn {
  readonly column: ColumnMetadata;
  readonly sql: string;
}

/** The columns of an entity by property; those of an embedded object by its own. */
export type PropertyTree = ReadonlyMap<string, NamedColumn | PropertyTree>;

/** Properties of relations are not among them, but columns that hold the keys of relations are. */
export function treeOf({ columns }: EntityMetadata): PropertyTree {
  const root = new Map<string, NamedColumn | PropertyTree>();
  for (const column of columns) {
    if (column.isVirtual) continue;
    let owner = root;
    for (const { propertyName } of column.embeddedMetadata?.embeddedMetadataTree ?? []) {
      const known = owner.get(propertyName);
      const inner = known instanceof Map ? known : new Map<string, NamedColumn | PropertyTree>();
      owner.set(propertyName, inner);
      owner = inner;
    }
    const sql = `${ALIAS}.${quoteIdentifier(column.databaseName)}`;
    owner.set(column.propertyName, Object.freeze({ column, sql }));
  }
  return root;
}

export function isColumn(node: NamedColumn | PropertyTree): node is NamedColumn {
  return !(node instanceof Map);
}
