import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { renderDropIndex } from '../specification/render-index';
import type { IndexShape } from './read-index-shapes';

type Named = Pick<IndexShape, 'schema' | 'table' | 'name' | 'partitioned' | 'constraint'>;

/** What removes the index: with its constraint, where one owns it; an index of a partitioned table never concurrently. */
export function renderRemoval(index: Named): string {
  if (index.constraint !== null) {
    const table = quoteQualified(index.schema, index.table);
    return `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(index.constraint)}`;
  }
  return index.partitioned
    ? `DROP INDEX ${quoteQualified(index.schema, index.name)}`
    : renderDropIndex(index);
}

/** What builds the index anew while readers and writers go on. */
export function renderRebuild({ schema, name }: Pick<IndexShape, 'schema' | 'name'>): string {
  return `REINDEX INDEX CONCURRENTLY ${quoteQualified(schema, name)}`;
}
