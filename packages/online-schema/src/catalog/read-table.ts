import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import type { IndexDefinition } from '../specification/index-definition';

/** A table as a statement would find it. */
export interface CatalogTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Holds no rows itself, and no index of it can be built or dropped concurrently. */
  readonly partitioned: boolean;
}

/** The table of that name, looked up on the search path if no schema is given; undefined if there is none. */
export async function readTable(
  runner: QueryRunner,
  { schema, table }: Pick<IndexDefinition, 'schema' | 'table'>,
): Promise<CatalogTable | undefined> {
  const rows: CatalogTable[] = await runner.query(
    `select t.oid, n.nspname as schema, t.relname as name, t.relkind = 'p' as partitioned
     from pg_class t
     join pg_namespace n on n.oid = t.relnamespace
     where t.oid = to_regclass($1)`,
    [quoteQualified(schema, table)],
  );
  return rows[0];
}
