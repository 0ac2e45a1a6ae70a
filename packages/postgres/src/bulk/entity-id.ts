import type { DeepPartial, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkColumnTypeError, BulkIdError } from './bulk-error';
import { readCanonicalKey } from './canonical-key';
import { type CellText, findTextRenderer, UnwritableValueError } from './column-text';
import { readColumnType } from './column-type';
import { describeKind } from './describe-kind';
import { isPossible } from './possible-text';
import { readWritableTable } from './writable-table';

/** The value of a primary key with one column, or an object with all properties of the key. */
export type EntityId<Entity> = string | number | bigint | Date | Uint8Array | DeepPartial<Entity>;

/** An id as the server reads it and as ids are compared. */
export interface ReadId {
  /** One per column of the primary key. */
  readonly texts: readonly string[];
  readonly key: string;
}

/**
 * Reads an id that a caller gives, so that one which cannot be an id fails alone and not the statement it would go out in.
 * @throws BulkIdError
 */
export function readId(metadata: EntityMetadata, id: unknown, position?: number): ReadId {
  const texts = readIdTexts(metadata, id, position);
  return { texts, key: readCanonicalKey(metadata.primaryColumns, texts) };
}

/** The same, without what ids are compared by. @throws BulkIdError */
export function readIdTexts(metadata: EntityMetadata, id: unknown, position?: number): readonly string[] {
  const { name, primaryColumns } = metadata;
  const isKeyObject = isObjectWithParts(id);
  if (!isKeyObject && (primaryColumns.length !== 1 || !isScalar(id))) {
    throw new BulkIdError(name, 'not-an-id', { position, kind: describeKind(id) });
  }
  return primaryColumns.map((column) => {
    const text = readPart(metadata, column, id, isKeyObject, position);
    const { propertyPath } = column;
    if (typeof text !== 'string')
      throw new BulkIdError(name, 'incomplete', { position, column: propertyPath });
    if (isPossible(column, text)) return text;
    const { element } = readColumnType(column);
    throw new BulkIdError(name, 'wrong-type', { position, column: propertyPath, kind: element });
  });
}

/** The key under which a row that was found is known. */
export function readStoredKey(metadata: EntityMetadata, row: object): string {
  const table = readWritableTable(metadata);
  const texts = metadata.primaryColumns.map((column) => table.readText(column, row) ?? null);
  return readCanonicalKey(metadata.primaryColumns, texts);
}

function isObjectWithParts(id: unknown): id is object {
  const isObject = typeof id === 'object' && id !== null;
  return isObject && !Array.isArray(id) && !(id instanceof Date) && !ArrayBuffer.isView(id);
}

/** NaN is a number of the language and no key; so is a date that is none. */
function isScalar(id: unknown): boolean {
  switch (typeof id) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return true;
    case 'number':
      return !Number.isNaN(id);
    default:
      return id instanceof Date ? !Number.isNaN(id.getTime()) : ArrayBuffer.isView(id);
  }
}

function readPart(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  id: unknown,
  isKeyObject: boolean,
  position: number | undefined,
): CellText {
  try {
    return isKeyObject
      ? readWritableTable(metadata).readText(column, id as object)
      : findTextRenderer(column)(id);
  } catch (error) {
    const cause = error instanceof UnwritableValueError ? {} : { cause: error };
    throw new BulkIdError(metadata.name, 'unreadable', { position, column: column.propertyPath, ...cause });
  }
}

/** Types of the primary key's columns as elements of array parameters. @throws BulkColumnTypeError */
export function readIdTypes(metadata: EntityMetadata): string[] {
  return metadata.primaryColumns.map((column) => {
    const { element, cast } = readColumnType(column);
    if (cast) throw new BulkColumnTypeError(metadata.name, column.propertyPath, cast);
    return element;
  });
}
