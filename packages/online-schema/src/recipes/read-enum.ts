import type { QueryRunner } from 'typeorm';
import { MigrationError } from '../migration/migration-error';
import { quoteQualified } from '../specification/identifier';
import type { EnumValueDefinition } from './recipe-definitions';

/** An enum type as the catalog holds it. */
export interface CatalogEnum {
  readonly schema: string;
  readonly name: string;
  /** In their order. */
  readonly values: string[];
  readonly uses: readonly EnumUse[];
}

/** A column of the enum type, or of arrays of it. */
export interface EnumUse {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly isArray: boolean;
  /** As `DEFAULT` takes it. */
  readonly default: string | null;
  /** Of the table and all below it, partitions or heirs, without indexes. */
  readonly bytes: number;
}

/** The enum type of that name, looked up on the search path if no schema is given; undefined if there is none. */
export async function readEnum(
  runner: QueryRunner,
  { schema, type }: Pick<EnumValueDefinition, 'schema' | 'type'>,
): Promise<CatalogEnum | undefined> {
  const [row]: { oid: number; schema: string; name: string; values: string[] }[] = await runner.query(
    `select t.oid, n.nspname as schema, t.typname as name,
       array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as values
     from pg_type t
     join pg_namespace n on n.oid = t.typnamespace
     where t.oid = to_regtype($1) and t.typtype = 'e'`,
    [quoteQualified(schema, type)],
  );
  if (row === undefined) return undefined;
  const uses: (Omit<EnumUse, 'bytes'> & { bytes: string })[] = await runner.query(
    `select n.nspname as schema, c.relname as table, a.attname as column, a.atttypid <> t.oid as "isArray",
       pg_get_expr(d.adbin, d.adrelid) as default,
       (with recursive tree(oid) as (
          select c.oid
          union all
          select i.inhrelid from pg_inherits i join tree on i.inhparent = tree.oid
        )
        select coalesce(sum(pg_table_size(tree.oid)), 0) from tree) as bytes
     from pg_type t
     join pg_attribute a on a.atttypid in (t.oid, t.typarray) and a.attnum > 0 and not a.attisdropped
     join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
     join pg_namespace n on n.oid = c.relnamespace
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     -- What a table has from the one above it changes with that one.
     where t.oid = $1 and a.attinhcount = 0
     order by 1, 2, 3`,
    [row.oid],
  );
  return { ...row, uses: uses.map((use) => ({ ...use, bytes: Number(use.bytes) })) };
}

/** @throws MigrationError when there is no such type. */
export function requireEnum(
  found: CatalogEnum | undefined,
  { schema, type }: Pick<EnumValueDefinition, 'schema' | 'type'>,
): CatalogEnum {
  if (found !== undefined) return found;
  const place = schema === undefined ? 'on the search path' : `in schema ${schema}`;
  throw new MigrationError('HOLDFAST_TYPE_MISSING', `there is no enum type ${type} ${place}`);
}
