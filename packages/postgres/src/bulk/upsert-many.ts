import { InvalidOptionError, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkRowError } from './bulk-error';
import type { BulkRow, Property } from './bulk-row';
import { readTarget } from './bulk-target';
import { readCanonicalKey } from './canonical-key';
import { findWritableColumns } from './find-columns';
import { quoteIdentifier } from './identifier';
import { type Batch, type NumberedRow, numberRows, planBatches } from './plan-batches';
import { renderConflictAction } from './render-conflict-action';
import { renderInsert, type Statement, TARGET } from './render-insert';
import { requireRows, requireSignal } from './require-arguments';
import { type ManagerSource, runAtomically } from './run-statements';
import { readWritableTable, requireRow } from './writable-table';
import { writeBatch } from './write-batch';

/** How rows are inserted or updated. */
export interface UpsertManyOptions<Name extends string> {
  /** Properties whose columns have a unique index, without a predicate. Every row must give them. */
  readonly conflict: readonly Name[];
  /** Properties that an existing row takes over. Default: those that the row gives, save the key and the conflict. */
  readonly update?: readonly Name[];
  /** `write` (default) updates every existing row; `skip` leaves a row alone that has the values already. */
  readonly whenUnchanged?: 'write' | 'skip';
  /** Rows of one statement at most: an integer of at least 1. Default 5000. A statement also ends at about 4 MB. */
  readonly chunkRows?: number;
  /** Looked at before each statement; one that is running is not interrupted. */
  readonly signal?: AbortSignal;
}

/** What became of the rows. Rows that a trigger suppressed count as unchanged. */
export interface UpsertManyResult {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

export const UPSERT_MANY_DEFAULTS = Object.freeze({ whenUnchanged: 'write', chunkRows: 5000 } as const);

const OPTIONS = ['conflict', 'update', 'whenUnchanged', 'chunkRows', 'signal'];

/**
 * Every row is in the table, inserted or taken over by the row with the same key; all or none.
 *
 * Rows are written in the order of their keys, so that two calls with overlapping rows of one shape do not deadlock.
 * Two keys that only the database takes for equal (citext, numeric 1 and 1.0) are refused by the server in one statement;
 * in two, the later one wins.
 *
 * With an update a version column goes up by one and an update date is the time of the transaction, unless `update`
 * names them or, for the date, the rows give it. Otherwise values, shapes and limits are those of `insertMany`.
 *
 * @throws BulkRowError, among others for two rows with one key, which PostgreSQL would refuse with 21000;
 * BulkWriteError for a row that the server refuses; BulkColumnTypeError; InvalidOptionError, also for arguments of a wrong
 * kind; DataSourceNotOpenError; QueryFailedError without parameters for all other failures; the signal's reason.
 */
export async function upsertMany<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  rows: Iterable<BulkRow<Entity>>,
  options: UpsertManyOptions<Property<Entity>>,
): Promise<UpsertManyResult> {
  requireKnownOptions('upsertMany', options, OPTIONS);
  const { conflict, update, whenUnchanged, chunkRows, signal } = { ...UPSERT_MANY_DEFAULTS, ...options };
  requireNumber('chunkRows', chunkRows, { min: 1, integer: true });
  if (whenUnchanged !== 'write' && whenUnchanged !== 'skip') {
    throw new InvalidOptionError('whenUnchanged', whenUnchanged, "'write' or 'skip'");
  }
  requireSignal(signal);
  requireRows(rows);
  const { manager, metadata } = readTarget(source, entity);
  const upsert: Upsert = {
    metadata,
    conflict: findWritableColumns(metadata, 'conflict', conflict),
    ...(update && { update: findWritableColumns(metadata, 'update', update) }),
    whenUnchanged,
  };
  if (upsert.conflict.length === 0) {
    throw new InvalidOptionError('conflict', conflict, 'a list of at least one property');
  }
  const numbered = sortByKey(upsert, rows);
  const batches = planBatches(readWritableTable(metadata), numbered, { chunkRows, keepOrder: false });

  const outcomes = await runAtomically(
    manager,
    batches,
    async (runner, batch) => {
      const statement = renderUpsert(upsert, batch);
      return (await writeBatch(runner, metadata, batch, statement, { isUpsert: true })).records[0];
    },
    signal,
  );
  const inserted = outcomes.reduce((sum, counts) => sum + Number(counts?.inserted), 0);
  const updated = outcomes.reduce((sum, counts) => sum + Number(counts?.updated), 0);
  return { inserted, updated, unchanged: numbered.length - inserted - updated };
}

/** @throws BulkRowError when two rows have one key, or a row lacks a part of it or a column that is to be updated. */
function sortByKey({ metadata, conflict, update = [] }: Upsert, rows: Iterable<object>): NumberedRow[] {
  const table = readWritableTable(metadata);
  const seen = new Set<string>();
  const keyed: (NumberedRow & { readonly key: string })[] = [];
  for (const { row, number } of numberRows(rows)) {
    requireRow(metadata, row, number);
    const require = (column: ColumnMetadata): string | null => {
      const text = table.readCell(column, row, number);
      if (text !== undefined) return text;
      throw new BulkRowError(metadata.name, number, column.propertyPath, 'missing-column');
    };
    update.forEach(require);
    const texts = conflict.map(require);
    const key = readCanonicalKey(conflict, texts);
    // A null is equal to nothing, so such a row conflicts with no other.
    if (!texts.includes(null)) {
      if (seen.has(key)) {
        const paths = conflict.map(({ propertyPath }) => propertyPath).join();
        throw new BulkRowError(metadata.name, number, paths, 'duplicate-key');
      }
      seen.add(key);
    }
    keyed.push({ row, number, key });
  }
  return keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
}

interface Upsert {
  readonly metadata: EntityMetadata;
  readonly conflict: readonly ColumnMetadata[];
  readonly update?: readonly ColumnMetadata[];
  readonly whenUnchanged: 'write' | 'skip';
}

/**
 * A row that was inserted has never been locked, so its xmax is 0. ON CONFLICT DO UPDATE locks the row it found before
 * it updates it, and the new version inherits that lock: its xmax is never 0.
 */
function renderUpsert(upsert: Upsert, batch: Batch): Statement {
  const { text, parameters } = renderInsert(upsert.metadata, batch);
  const conflict = upsert.conflict.map(({ databaseName }) => quoteIdentifier(databaseName)).join(', ');
  return {
    text: `
      WITH written AS (
        ${text}
        ON CONFLICT (${conflict}) ${renderConflictAction({ ...upsert, target: TARGET }, batch.columns)}
        RETURNING ${TARGET}.xmax = 0 AS inserted
      )
      SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated
        FROM written`,
    parameters,
  };
}
