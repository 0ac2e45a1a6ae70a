import { InvalidOptionError, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { BulkRow, Property } from './bulk-row';
import { readTarget } from './bulk-target';
import { findColumns } from './find-columns';
import { quoteIdentifier } from './identifier';
import { numberRows, planBatches } from './plan-batches';
import { renderInsert, TARGET } from './render-insert';
import { requireRows, requireSignal } from './require-arguments';
import { type ManagerSource, runAtomically } from './run-statements';
import { readWritableTable } from './writable-table';
import { writeBatch } from './write-batch';

/** How rows are inserted. */
export interface InsertManyOptions {
  /** What a row does that violates a unique or exclusion constraint: fail the call (default), or be left out. */
  readonly onConflict?: 'error' | 'ignore';
  /** Rows of one statement at most: an integer of at least 1. Default 5000. A statement also ends at about 4 MB. */
  readonly chunkRows?: number;
  /** Looked at before each statement; one that is running is not interrupted. */
  readonly signal?: AbortSignal;
}

/** Asks for columns of the rows that were inserted. */
export interface Returning<Name extends string> {
  readonly returning: readonly Name[];
}

/** How many rows were inserted. */
export interface InsertManyResult {
  readonly inserted: number;
}

export const INSERT_MANY_DEFAULTS = Object.freeze({ onConflict: 'error', chunkRows: 5000 } as const);

/**
 * The rows are in the table, all or none. Each statement has one array parameter a column, whatever the number of rows.
 *
 * Values are written as `repository.insert` writes them, with three differences: the rows are not changed, listeners and
 * subscribers are not called, and a value given for a generated column is written instead of ignored. A column that a
 * row leaves out gets its default: rows of one shape go together, or with `returning` the statement ends where the shape
 * changes. No rows, no statement.
 *
 * `returning` gives back those properties of the inserted rows, in the order of the input; a relation comes as an object
 * with its key alone.
 *
 * @throws BulkRowError for a row that cannot be written; BulkWriteError for one that the server refuses;
 * BulkColumnTypeError; InvalidOptionError, also for arguments of a wrong kind; DataSourceNotOpenError; QueryFailedError
 * without parameters for all other failures of the server or the connection; the signal's reason.
 */
export async function insertMany<Entity extends ObjectLiteral, Name extends Property<Entity>>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  rows: Iterable<BulkRow<Entity>>,
  options: InsertManyOptions & Returning<Name>,
): Promise<InsertManyResult & { readonly rows: Pick<Entity, Name>[] }>;
export async function insertMany<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  rows: Iterable<BulkRow<Entity>>,
  options?: InsertManyOptions,
): Promise<InsertManyResult>;
export async function insertMany<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  rows: Iterable<BulkRow<Entity>>,
  options: InsertManyOptions & Partial<Returning<string>> = {},
): Promise<InsertManyResult & { readonly rows?: ObjectLiteral[] }> {
  requireKnownOptions('insertMany', options, ['onConflict', 'chunkRows', 'returning', 'signal']);
  const { onConflict, chunkRows, returning, signal } = { ...INSERT_MANY_DEFAULTS, ...options };
  requireNumber('chunkRows', chunkRows, { min: 1, integer: true });
  if (onConflict !== 'error' && onConflict !== 'ignore') {
    throw new InvalidOptionError('onConflict', onConflict, "'error' or 'ignore'");
  }
  requireSignal(signal);
  requireRows(rows);
  const { manager, metadata } = readTarget(source, entity);
  const returned = returning && findColumns(metadata, 'returning', returning);
  const limits = { chunkRows, keepOrder: returned !== undefined };
  const batches = planBatches(readWritableTable(metadata), numberRows(rows), limits);
  const tail = `${onConflict === 'ignore' ? ' ON CONFLICT DO NOTHING' : ''}${returned ? renderReturning(returned) : ''}`;

  const outcomes = await runAtomically(
    manager,
    batches,
    (runner, batch) => {
      const { text, parameters } = renderInsert(metadata, batch);
      return writeBatch(runner, metadata, batch, { text: text + tail, parameters }, { isUpsert: false });
    },
    signal,
  );
  const inserted = outcomes.reduce((sum, { affected }) => sum + affected, 0);
  if (!returned) return { inserted };
  return {
    inserted,
    rows: outcomes.flatMap(({ records }) => records.map((record) => hydrate(returned, record))),
  };
}

function renderReturning(columns: readonly ColumnMetadata[]): string {
  const expressions = columns.map(
    ({ databaseName }, index) => `${TARGET}.${quoteIdentifier(databaseName)} AS r${index}`,
  );
  return ` RETURNING ${expressions.join(', ')}`;
}

function hydrate(columns: readonly ColumnMetadata[], record: Record<string, unknown>): ObjectLiteral {
  const row: ObjectLiteral = {};
  for (const [index, column] of columns.entries()) {
    const { driver } = column.entityMetadata.dataSource;
    const value: unknown = driver.prepareHydratedValue(record[`r${index}`], column);
    // TypeORM would make an object of the related entity around a key that is null.
    if (value === null && column.relationMetadata && column.isVirtual) row[column.propertyName] ??= null;
    else column.setEntityValue(row, value);
  }
  return row;
}
