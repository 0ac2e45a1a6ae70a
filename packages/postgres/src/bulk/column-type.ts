import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkColumnTypeError } from './bulk-error';
import { quoteIdentifier } from './identifier';

/** How the values of a column travel in an array parameter, one element a row. */
interface ColumnType {
  /** Type of the elements. */
  readonly element: string;
  /** Applied to each element where the array cannot have the column's own type. */
  readonly cast?: string;
}

/**
 * The type of a column without length, precision or scale: a cast to `varchar(3)` cuts silently, while assigning a
 * varchar to such a column is refused by the server, as it is for a single INSERT.
 *
 * A column that is itself an array travels as the text of its literal, because unnest flattens arrays of arrays and
 * they would have to be of one length. `box` does too: it separates the elements of an array by semicolons.
 *
 * @throws BulkColumnTypeError for the types of PostGIS, which TypeORM writes through functions.
 */
export function readColumnType(column: ColumnMetadata): ColumnType {
  const base = readBaseType(column);
  if (column.isArray) return { element: 'text', cast: `${base}[]` };
  if (base === 'box') return { element: 'text', cast: base };
  return { element: base };
}

function readBaseType(column: ColumnMetadata): string {
  const { driver } = column.entityMetadata.dataSource;
  const type = driver.normalizeType(column);
  switch (type) {
    case 'enum':
      return readEnumName(column);
    // Without a length the SQL names mean a length of 1; these mean any.
    case 'character':
      return 'bpchar';
    case 'bit':
      return 'pg_catalog."bit"';
    case 'geometry':
    case 'geography':
      throw new BulkColumnTypeError(column.entityMetadata.name, column.propertyPath, type);
    default:
      return type;
  }
}

/** TypeORM's own rule for the names of enum types; a dot in `enumName` separates a schema from it. */
function readEnumName({ entityMetadata, enumName, databaseName }: ColumnMetadata): string {
  const { schema, tableName } = entityMetadata;
  const name = enumName ?? `${tableName}_${databaseName.toLowerCase()}_enum`;
  return [...(schema ? [schema] : []), ...name.split('.')].map(quoteIdentifier).join('.');
}
