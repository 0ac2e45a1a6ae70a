import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type CellText, findTextRenderer } from './column-text';

/** Reads the text of one column from a row. @throws as `RenderText` does. */
export type ReadCell = (row: object) => CellText;

/**
 * What reads the text of what repository.insert would write into a column: constants, embedded objects and join columns included.
 * The entity is asked for apart from the column, because the entities of one table share its columns.
 */
export function createCellReader(metadata: EntityMetadata, column: ColumnMetadata): ReadCell {
  const render = findTextRenderer(column);
  if (column.isDiscriminator) return () => render(metadata.discriminatorValue);
  // The first version of a row is TypeORM's own business; its column has no default.
  if (column.isVersion) {
    return (row) => {
      const text = render(column.getEntityValue(row));
      return text === undefined ? '1' : text;
    };
  }
  if (column.embeddedMetadata || column.referencedColumn) return (row) => render(column.getEntityValue(row));
  const { propertyName } = column;
  return (row) => render((row as Readonly<Record<string, unknown>>)[propertyName]);
}
