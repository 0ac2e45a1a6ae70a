import type { QueryRunner } from 'typeorm';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { IndexDefinition } from '../specification/index-definition';
import { CatalogError } from './catalog-error';
import { sqlStateOf } from './sqlstate';

/**
 * Makes an empty temporary table that takes and refuses the indexes the table would: the same columns with their
 * types and collations, generated where they are (18 refuses an index on a virtual one), partitioned by the same key
 * (a unique index must contain it). It has the table's name, so that a qualified column in an expression is found.
 *
 * The source is locked against nothing but a change of its definition.
 *
 * @throws CatalogError if this role may not read the table.
 */
export async function cloneTable(
  runner: QueryRunner,
  { schema, table }: Pick<IndexDefinition, 'schema' | 'table'>,
): Promise<void> {
  const source = quoteQualified(schema, table);
  const rows: { partition_key: string | null }[] = await runner.query(
    'select pg_get_partkeydef(to_regclass($1)) as partition_key',
    [source],
  );
  const partitionKey = rows[0]?.partition_key;
  // Rows of a temporary table cannot outlive the transaction anyway; a partitioned one takes no ON COMMIT DROP before
  // its partitions, of which there are none.
  const partitioned = typeof partitionKey === 'string' ? ` partition by ${partitionKey}` : '';
  try {
    await runner.query(
      `create temporary table ${quoteIdentifier(table)} (like ${source} including generated)${partitioned}`,
    );
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    throw new CatalogError(
      'HOLDFAST_TABLE_NOT_READABLE',
      `${schema === undefined ? '' : `${schema}.`}${table}`,
      `table ${source} cannot be compared with what is declared: ${(error as Error).message}; ` +
        `have its owner run: GRANT SELECT ON ${source} TO … (and USAGE on its schema and types)`,
      { cause: error },
    );
  }
}
