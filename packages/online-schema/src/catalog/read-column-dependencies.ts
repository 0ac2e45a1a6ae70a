import type { QueryRunner } from 'typeorm';

/** A column that an index needs: as a key, included, or in an expression or predicate. */
export interface ColumnDependency {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
  readonly column: string;
}

/** Which columns the indexes of these tables need, as the server tracks it: without them, they are gone. */
export async function readColumnDependencies(
  runner: QueryRunner,
  tables: readonly string[],
): Promise<ColumnDependency[]> {
  return runner.query(READ_DEPENDENCIES, [tables]);
}

const READ_DEPENDENCIES = `
  select distinct n.nspname as schema, t.relname as table, i.relname as index, a.attname as column
  from pg_depend d
  join pg_index x on x.indexrelid = d.objid and x.indrelid = d.refobjid
  join pg_class i on i.oid = x.indexrelid
  join pg_class t on t.oid = x.indrelid
  join pg_namespace n on n.oid = t.relnamespace
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
    and t.relname = any ($1)`;
