import { InvalidOptionError } from '@holdfast/resilience';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkRowError } from '../bulk/bulk-error';
import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import { renderConflictAction } from '../bulk/render-conflict-action';
import { renderUpkeep } from '../bulk/render-upkeep';
import { readWritableTable } from '../bulk/writable-table';
import type { CompiledEntity } from './compiled-entity';
import { renderWhere } from './render-where';
import { ALIAS } from './select-parts';

/** A statement that answers with the row as it is from then on. */
export interface WriteStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Values travel as texts that the server reads by the types of their columns. A column that is not given gets its default. */
export function renderInsertOne({ metadata, whole, writes }: CompiledEntity, row: object): WriteStatement {
  const given = readGiven(metadata, row);
  const text = writes.get(keyOf('insert', given), () => `${renderInto(metadata, given)} ${whole.returning}`);
  return { text, values: given.map((one) => one.text) };
}

/** @throws BulkRowError if the row lacks a column of the key. */
export function renderUpsertOne(
  { metadata, whole }: CompiledEntity,
  row: object,
  { conflict, update }: UpsertColumns,
): WriteStatement {
  const given = readGiven(metadata, row);
  const columns = given.map(({ column }) => column);
  for (const column of [...conflict, ...(update ?? [])]) {
    if (!columns.includes(column))
      throw new BulkRowError(metadata.name, 1, column.propertyPath, 'missing-column');
  }
  const names = conflict.map(({ databaseName }) => quoteIdentifier(databaseName)).join(', ');
  const action = renderConflictAction({ metadata, conflict, update, target: ALIAS }, columns);
  const text = `${renderInto(metadata, given)} ON CONFLICT (${names}) ${action} ${whole.returning}`;
  return { text, values: given.map((one) => one.text) };
}

/** Columns that a row is known by, and those that an existing row takes over. */
export interface UpsertColumns {
  readonly conflict: readonly ColumnMetadata[];
  readonly update: readonly ColumnMetadata[] | undefined;
}

/**
 * The version goes up by one, and the date of the last update is the time of the transaction, unless the changes give them.
 * @throws InvalidOptionError for a change of nothing, or of a property that is never changed; BulkRowError for a value.
 */
export function renderUpdateOne(
  entity: CompiledEntity,
  key: readonly string[],
  changes: object,
  { where, returning }: { readonly where: unknown; readonly returning: boolean },
): WriteStatement {
  const { metadata, whole, writes } = entity;
  const given = readChanges(metadata, changes);
  const head = writes.get(keyOf('update', given), () => renderSet(metadata, given));
  const tail = returning ? ` ${whole.returning}` : '';
  const values: unknown[] = given.map((one) => one.text);
  if (where !== undefined) {
    return { text: `${head} WHERE ${renderRow(entity, key, where, values)}${tail}`, values };
  }
  const first = values.length + 1;
  values.push(...key);
  const text = writes.get(head + tail, () => `${head} WHERE ${entity.renderKey(first)}${tail}`);
  return { text, values };
}

function renderSet(metadata: EntityMetadata, given: readonly Given[]): string {
  const columns = given.map(({ column }) => column);
  const assignments = [
    ...columns.map(({ databaseName }, at) => `${quoteIdentifier(databaseName)} = $${at + 1}`),
    ...renderUpkeep(metadata, columns, ALIAS),
  ];
  return `UPDATE ${quoteTable(metadata)} AS ${ALIAS} SET ${assignments.join(', ')}`;
}

/** Of the texts that are kept. */
function keyOf(kind: 'insert' | 'update', given: readonly Given[]): string {
  let key: string = kind;
  for (const { column } of given) key += `\0${column.databaseName}`;
  return key;
}

export function renderDeleteOne(
  entity: CompiledEntity,
  key: readonly string[],
  where: unknown,
): WriteStatement {
  const values: unknown[] = [];
  const row = renderRow(entity, key, where, values);
  const text = `DELETE FROM ${quoteTable(entity.metadata)} AS ${ALIAS} WHERE ${row} ${entity.whole.returning}`;
  return { text, values };
}

/** The row with this key, if the condition holds of it. @param values Those of the statement, to which its own are added. */
function renderRow(
  entity: CompiledEntity,
  key: readonly string[],
  where: unknown,
  values: unknown[],
): string {
  const row = entity.renderKey(values.length + 1);
  values.push(...key);
  const condition =
    where === undefined ? '' : renderWhere(entity.tree, where, { metadata: entity.metadata, values });
  return condition === '' ? row : `${row} AND ${condition}`;
}

interface Given {
  readonly column: ColumnMetadata;
  readonly text: string | null;
}

/** @throws BulkRowError */
function readGiven(metadata: EntityMetadata, row: object): Given[] {
  const table = readWritableTable(metadata);
  const texts = table.readRow(row, 1);
  return table.columns.flatMap((column, at) => {
    const text = texts[at];
    return text === undefined ? [] : [{ column, text }];
  });
}

function readChanges(metadata: EntityMetadata, changes: object): Given[] {
  const table = readWritableTable(metadata);
  table.requireKnown(changes, 1);
  const given = metadata.columns.flatMap((column) => {
    if (column.isDiscriminator || column.getEntityValue(changes) === undefined) return [];
    if (!column.isUpdate || column.isPrimary) {
      throw new InvalidOptionError(
        `changes.${column.propertyPath}`,
        column.propertyPath,
        `a property of ${metadata.name} that is changed`,
      );
    }
    const text = table.readCell(column, changes, 1);
    return text === undefined ? [] : [{ column, text }];
  });
  if (given.length === 0)
    throw new InvalidOptionError('changes', 'none', 'an object with at least one property');
  return given;
}

function renderInto(metadata: EntityMetadata, given: readonly Given[]): string {
  const head = `INSERT INTO ${quoteTable(metadata)} AS ${ALIAS}`;
  if (given.length === 0) return `${head} DEFAULT VALUES`;
  const names = given.map(({ column }) => quoteIdentifier(column.databaseName));
  return `${head} (${names.join(', ')}) VALUES (${given.map((_, at) => `$${at + 1}`).join(', ')})`;
}
