import type { QueryRunner } from 'typeorm';
import { MigrationError } from '../migration/migration-error';
import { quoteQualified } from '../specification/identifier';
import type { EnumValueDefinition } from './recipe-definitions';

/** An enum type as the catalog holds it. */
export interface CatalogEnum {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** In their order. */
  readonly values: string[];
  readonly comment: string | null;
  /** Where it is not the session's user. */
  readonly owner: string | null;
  /** Roles as GRANT takes them; null where nobody has ever granted or revoked anything. */
  readonly grantees: string[] | null;
  readonly uses: readonly EnumUse[];
}

/** A column of the enum type, or of arrays of it. */
export interface EnumUse {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly isArray: boolean;
  /** Of the table and all below it, partitions or heirs, without indexes. */
  readonly bytes: number;
}

/** The enum type of that name, looked up on the search path if no schema is given; undefined if there is none. */
export async function readEnum(
  runner: QueryRunner,
  { schema, type }: Pick<EnumValueDefinition, 'schema' | 'type'>,
): Promise<CatalogEnum | undefined> {
  const [row]: Omit<CatalogEnum, 'uses'>[] = await runner.query(
    `select t.oid, n.nspname as schema, t.typname as name,
       array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as values,
       obj_description(t.oid, 'pg_type') as comment,
       nullif(pg_get_userbyid(t.typowner), current_user) as owner,
       case when t.typacl is not null then array(
         select case g.grantee when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(g.grantee)) end
           || case when g.is_grantable then ' WITH GRANT OPTION' else '' end
         from aclexplode(t.typacl) as g
         where g.grantee <> t.typowner
         order by 1
       ) end as grantees
     from pg_type t
     join pg_namespace n on n.oid = t.typnamespace
     where t.oid = to_regtype($1) and t.typtype = 'e'`,
    [quoteQualified(schema, type)],
  );
  if (row === undefined) return undefined;
  const uses: (Omit<EnumUse, 'bytes'> & { bytes: string })[] = await runner.query(
    `select n.nspname as schema, c.relname as table, a.attname as column, a.atttypid <> t.oid as "isArray",
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
