import { quoteIdentifier, quoteLiteral, quoteQualified } from './identifier';
import type { IndexDefinition, StorageParameters } from './index-definition';

export interface RenderOptions {
  /** Build without blocking writers. Default false, for a table that nobody else can see yet. */
  readonly concurrently?: boolean;
  /** On a partitioned table, without its partitions: empty, and invalid until one of each is attached. Default false. */
  readonly only?: boolean;
}

/** One `CREATE INDEX` statement. Never with `IF NOT EXISTS`: that would take an invalid remains for success. */
export function renderCreateIndex(definition: IndexDefinition, options: RenderOptions = {}): string {
  const { schema, table, name, keys, method = 'btree', include = [], where } = definition;
  return [
    `CREATE${definition.unique ? ' UNIQUE' : ''} INDEX${options.concurrently ? ' CONCURRENTLY' : ''}`,
    `${quoteIdentifier(name)} ON ${options.only ? 'ONLY ' : ''}${quoteQualified(schema, table)} USING ${method} (${keys.join(', ')})`,
    include.length > 0 && `INCLUDE (${include.map(quoteIdentifier).join(', ')})`,
    definition.nullsNotDistinct && 'NULLS NOT DISTINCT',
    renderStorage(definition.storage),
    where !== undefined && `WHERE ${where}`,
  ]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

/** One `DROP INDEX CONCURRENTLY`: waits for readers of the index, blocks nobody. */
export function renderDropIndex(index: Pick<IndexDefinition, 'schema' | 'name'>): string {
  return `DROP INDEX CONCURRENTLY ${quoteQualified(index.schema, index.name)}`;
}

function renderStorage(storage: StorageParameters = {}): string | false {
  const entries = Object.entries(storage);
  if (entries.length === 0) return false;
  return `WITH (${entries.map(([name, value]) => `${quoteIdentifier(name)} = ${renderValue(value)}`).join(', ')})`;
}

function renderValue(value: string | number | boolean): string {
  return typeof value === 'string' ? quoteLiteral(value) : String(value);
}

/** The statement that gives an index another name, in an instant and with readers and writers at work. */
export function renderRenameIndex(schema: string | undefined, from: string, to: string): string {
  return `ALTER INDEX ${quoteQualified(schema, from)} RENAME TO ${quoteIdentifier(to)}`;
}
