import type { DeepPartial, EntityMetadata } from 'typeorm';
import { BulkColumnTypeError, BulkIdError } from './bulk-error';
import { readCanonicalKey } from './canonical-key';
import { readCellText, renderColumnText } from './column-text';
import { readColumnType } from './column-type';

/** The value of a primary key with one column, or an object with all properties of the key. */
export type EntityId<Entity> = string | number | bigint | Date | Uint8Array | DeepPartial<Entity>;

/** An id as the server reads it and as ids are compared. */
export interface ReadId {
  /** One per column of the primary key. */
  readonly texts: readonly string[];
  readonly key: string;
}

/** @throws BulkIdError when a part of the key is missing. */
export function readId(metadata: EntityMetadata, id: unknown, position: number): ReadId {
  const columns = metadata.primaryColumns;
  const [only] = columns;
  const isObject = typeof id === 'object' && id !== null && !(id instanceof Date) && !ArrayBuffer.isView(id);
  const given =
    only && columns.length === 1 && !isObject
      ? [renderColumnText(only, id)]
      : columns.map((column) => (isObject ? readCellText(metadata, column, id) : undefined));
  const texts = given.filter((text) => typeof text === 'string');
  if (texts.length < columns.length) throw new BulkIdError(metadata.name, 'incomplete', position);
  return { texts, key: readCanonicalKey(columns, texts) };
}

/** Types of the primary key's columns as elements of array parameters. @throws BulkColumnTypeError */
export function readIdTypes(metadata: EntityMetadata): string[] {
  return metadata.primaryColumns.map((column) => {
    const { element, cast } = readColumnType(column);
    if (cast) throw new BulkColumnTypeError(metadata.name, column.propertyPath, cast);
    return element;
  });
}
