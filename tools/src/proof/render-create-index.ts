import type { CatalogIndex, IndexDefinition } from '@holdfast/online-schema';

/** An index as its definition or the catalog has it. */
type Source = Pick<
  CatalogIndex | IndexDefinition,
  'name' | 'table' | 'method' | 'unique' | 'keys' | 'include' | 'where'
>;

/** The statement that people write by hand. @param how stands behind INDEX. */
export function renderCreateIndex(index: Source, how: '' | 'CONCURRENTLY IF NOT EXISTS'): string {
  const { name, table, method = 'btree', unique, keys, include = [], where } = index;
  return [
    `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${how} "${name}" ON "${table}" USING ${method} (${keys.join(', ')})`,
    include.length > 0 ? `INCLUDE (${include.map((column) => `"${column}"`).join(', ')})` : '',
    where === undefined ? '' : `WHERE ${where}`,
  ].join(' ');
}
