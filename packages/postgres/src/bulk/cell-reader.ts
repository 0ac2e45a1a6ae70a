import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';

/** Reads one column from a row. @throws as `RenderText` does. */
export type ReadCell<Cell> = (row: object) => Cell | string;

/**
 * What reads from a row what repository.insert would write into a column: constants, embedded objects and join columns included.
 * The entity is asked for apart from the column, because the entities of one table share its columns.
 *
 * @param render What becomes of the value.
 */
export function createCellReader<Cell>(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  render: (given: unknown) => Cell,
): ReadCell<Cell> {
  if (column.isDiscriminator) return () => render(metadata.discriminatorValue);
  // The first version of a row is TypeORM's own business; its column has no default.
  if (column.isVersion) {
    return (row) => {
      const text = render(column.getEntityValue(row));
      return text === undefined ? '1' : text;
    };
  }
  if (!isPlainProperty(column)) return (row) => render(column.getEntityValue(row));
  const { propertyName } = column;
  return (row) => render((row as Readonly<Record<string, unknown>>)[propertyName]);
}

/** Whether the property of a row that has the column's name holds its value. */
export function isPlainProperty({ embeddedMetadata, referencedColumn }: ColumnMetadata): boolean {
  return embeddedMetadata === undefined && referencedColumn === undefined;
}
