import { InvalidOptionError } from '@holdfast/resilience';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';

/**
 * The columns behind properties that an option names: one for a plain property, the join columns of a relation, and all
 * columns of an embedded object.
 * @throws InvalidOptionError
 */
export function findColumns(
  metadata: EntityMetadata,
  option: string,
  properties: readonly string[],
): ColumnMetadata[] {
  if (!Array.isArray(properties)) {
    throw new InvalidOptionError(option, properties, `a list of properties of ${metadata.name}`);
  }
  const found = new Set<ColumnMetadata>();
  for (const property of properties as readonly string[]) {
    const exact = metadata.findColumnsWithPropertyPath(property);
    const columns =
      exact.length > 0
        ? exact
        : metadata.columns.filter(({ propertyPath }) => propertyPath.startsWith(`${property}.`));
    if (columns.length === 0) {
      throw new InvalidOptionError(option, property, `a property of ${metadata.name} with columns`);
    }
    for (const column of columns) found.add(column);
  }
  return [...found];
}

/**
 * The same for an option whose columns rows must be able to give.
 * @throws InvalidOptionError also for a column that is never inserted.
 */
export function findWritableColumns(
  metadata: EntityMetadata,
  option: string,
  properties: readonly string[],
): ColumnMetadata[] {
  const columns = findColumns(metadata, option, properties);
  const barred = columns.find((column) => !column.isInsert);
  if (barred) {
    throw new InvalidOptionError(
      option,
      barred.propertyPath,
      `a property of ${metadata.name} that is inserted`,
    );
  }
  return columns;
}
