import type { QueryRunner } from 'typeorm';
import { MigrationError } from '../migration/migration-error';
import { quoteQualified } from '../specification/identifier';
import type { CatalogIndex } from '../specification/index-definition';

/**
 * Lets pass only an index that is not part of the index of a partitioned table. PostgreSQL drops those with the whole
 * alone, which is found out only after its replacement has been built.
 */
export async function refuseAttached(
  runner: QueryRunner,
  { schema, table, name }: CatalogIndex,
): Promise<void> {
  const rows: { parent: string; owner: string }[] = await runner.query(
    `select i.relname as parent, t.relname as owner
     from pg_inherits h
     join pg_index x on x.indexrelid = h.inhparent
     join pg_class i on i.oid = x.indexrelid
     join pg_class t on t.oid = x.indrelid
     where h.inhrelid = to_regclass($1)`,
    [quoteQualified(schema, name)],
  );
  const [whole] = rows;
  if (whole === undefined) return;
  throw new MigrationError(
    'HOLDFAST_INDEX_ATTACHED',
    `index ${name} of ${table} is part of index ${whole.parent} of partitioned table ${whole.owner}, with which alone ` +
      'it can be changed or dropped',
  );
}
