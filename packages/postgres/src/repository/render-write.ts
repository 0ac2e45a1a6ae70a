import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkRowError } from '../bulk/bulk-error';
import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import { renderConflictAction } from '../bulk/render-conflict-action';
import { renderUpkeep } from '../bulk/render-upkeep';
import type { CompiledEntity } from './compiled-entity';
import { renderWhere } from './render-where';
import { ALIAS } from './select-parts';

/** A statement that answers with the row as it is from then on. */
export interface WriteStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Values travel as texts that the server reads by the types of their columns. A column that is not given gets its default. */
export function renderInsertOne(
  { metadata, whole, given, writes }: CompiledEntity,
  row: object,
): WriteStatement {
  const { columns, texts, key } = given.readRow(row);
  const text = writes.get(`insert ${key}`, () => `${renderInto(metadata, columns)} ${whole.returning}`);
  return { text, values: texts };
}

/** @throws BulkRowError if the row lacks a column of the key. */
export function renderUpsertOne(
  { metadata, whole, given }: CompiledEntity,
  row: object,
  { conflict, update }: UpsertColumns,
): WriteStatement {
  const { columns, texts } = given.readRow(row);
  for (const column of [...conflict, ...(update ?? [])]) {
    if (!columns.includes(column))
      throw new BulkRowError(metadata.name, 1, column.propertyPath, 'missing-column');
  }
  const names = conflict.map(({ databaseName }) => quoteIdentifier(databaseName)).join(', ');
  const action = renderConflictAction({ metadata, conflict, update, target: ALIAS }, columns);
  const text = `${renderInto(metadata, columns)} ON CONFLICT (${names}) ${action} ${whole.returning}`;
  return { text, values: texts };
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
  id: readonly string[],
  changes: object,
  { where, returning }: { readonly where: unknown; readonly returning: boolean },
): WriteStatement {
  const { metadata, whole, writes } = entity;
  const { columns, texts, key } = entity.given.readChanges(changes);
  const tail = returning ? ` ${whole.returning}` : '';
  if (where !== undefined) {
    const head = writes.get(`set ${key}`, () => renderSet(metadata, columns));
    return { text: `${head} WHERE ${renderRow(entity, id, where, texts)}${tail}`, values: texts };
  }
  const text = writes.get(
    `${returning ? 'update' : 'change'} ${key}`,
    () => `${renderSet(metadata, columns)} WHERE ${entity.renderKey(columns.length + 1)}${tail}`,
  );
  texts.push(...id);
  return { text, values: texts };
}

function renderSet(metadata: EntityMetadata, columns: readonly ColumnMetadata[]): string {
  const assignments = [
    ...columns.map(({ databaseName }, at) => `${quoteIdentifier(databaseName)} = $${at + 1}`),
    ...renderUpkeep(metadata, columns, ALIAS),
  ];
  return `UPDATE ${quoteTable(metadata)} AS ${ALIAS} SET ${assignments.join(', ')}`;
}

export function renderDeleteOne(
  entity: CompiledEntity,
  id: readonly string[],
  where: unknown,
): WriteStatement {
  const { metadata, whole, writes } = entity;
  const render = (row: string) =>
    `DELETE FROM ${quoteTable(metadata)} AS ${ALIAS} WHERE ${row} ${whole.returning}`;
  if (where === undefined)
    return { text: writes.get('delete', () => render(entity.renderKey(1))), values: id };
  const values: unknown[] = [];
  return { text: render(renderRow(entity, id, where, values)), values };
}

/** The row with this key, if the condition holds of it. @param values Those of the statement, to which its own are added. */
function renderRow(entity: CompiledEntity, id: readonly string[], where: unknown, values: unknown[]): string {
  const row = entity.renderKey(values.length + 1);
  values.push(...id);
  const condition = renderWhere(entity.tree, where, { metadata: entity.metadata, values });
  return condition === '' ? row : `${row} AND ${condition}`;
}

function renderInto(metadata: EntityMetadata, columns: readonly ColumnMetadata[]): string {
  const head = `INSERT INTO ${quoteTable(metadata)} AS ${ALIAS}`;
  if (columns.length === 0) return `${head} DEFAULT VALUES`;
  const names = columns.map(({ databaseName }) => quoteIdentifier(databaseName));
  return `${head} (${names.join(', ')}) VALUES (${columns.map((_, at) => `$${at + 1}`).join(', ')})`;
}
