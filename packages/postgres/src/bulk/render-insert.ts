import type { EntityMetadata } from 'typeorm';
import { readColumnType } from './column-type';
import { quoteIdentifier, quoteTable } from './identifier';
import type { Batch } from './plan-batches';
import { renderColumn } from './render-column';

/** A statement and its parameters. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/** The name under which statements of this folder know the row that is in the table. */
export const TARGET = 'target';

/**
 * INSERT of a batch with one array parameter a column, so that the text is the same however many rows there are.
 * unnest yields the rows in the order of the input.
 */
export function renderInsert(metadata: EntityMetadata, { columns, values: kept, numbers }: Batch): Statement {
  const head = `INSERT INTO ${quoteTable(metadata)} AS ${TARGET}`;
  if (columns.length === 0) {
    return { text: `${head} SELECT FROM generate_series(1, $1::integer)`, parameters: [numbers.length] };
  }
  const types = columns.map(readColumnType);
  const names = columns.map((column) => quoteIdentifier(column.databaseName));
  const values = types.map(({ cast }, index) => (cast ? `u.c${index}::${cast}` : `u.c${index}`));
  const arrays = types.map(({ element }, index) => `$${index + 1}::${element}[]`);
  const aliases = columns.map((_, index) => `c${index}`);
  return {
    text: `${head} (${names.join(', ')}) SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${aliases.join(', ')})`,
    parameters: kept.map(renderColumn),
  };
}
