import type { EntityMetadata } from 'typeorm';

/** The columns behind a property: several for a relation with a composite foreign key; undefined if there is no such property. */
export function columnsOfProperty(metadata: EntityMetadata, property: string): string[] | undefined {
  const relation = metadata.relations.find(({ propertyPath }) => propertyPath === property);
  const joined = relation?.joinColumns.map(({ databaseName }) => databaseName) ?? [];
  if (joined.length > 0) return joined;
  const column = metadata.columns.find(({ propertyPath }) => propertyPath === property);
  return column && [column.databaseName];
}

/** The paths of the entity's properties that have columns, in alphabetical order. */
export function propertiesOf(metadata: EntityMetadata): string[] {
  return [...new Set(metadata.columns.map(({ propertyPath }) => propertyPath))].sort();
}
