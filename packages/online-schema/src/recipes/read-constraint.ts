import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';

/** A constraint as the catalog holds it. */
export interface CatalogConstraint {
  readonly name: string;
  /** As in pg_constraint: c check, f foreign key, u unique, p primary key, x exclusion, n not null. */
  readonly type: string;
  readonly validated: boolean;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly columns: string[];
  /** Of a foreign key: `pg_class.oid` of the table it points to. */
  readonly referenced: number;
  readonly referencedSchema: string | null;
  readonly referencedTable: string | null;
  readonly referencedColumns: string[];
  /** As in pg_constraint: a no action, r restrict, c cascade, n set null, d set default. */
  readonly onDelete: string;
  readonly onUpdate: string;
  /** Of a unique constraint: NULLS NOT DISTINCT, or columns in its index beside the keys, neither of which a definition can say. */
  readonly special: boolean;
  /** Of a check: as the server spells it, without `CHECK`. */
  readonly expression: string | null;
}

/** The table's constraint of that name; undefined if there is none. */
export async function readConstraint(
  runner: QueryRunner,
  table: Pick<CatalogTable, 'oid'>,
  name: string,
): Promise<CatalogConstraint | undefined> {
  const [found] = await readConstraints(runner, table, name);
  return found;
}

/** The table's constraints, or only the one of this name. */
export async function readConstraints(
  runner: QueryRunner,
  { oid }: Pick<CatalogTable, 'oid'>,
  name?: string,
): Promise<CatalogConstraint[]> {
  return runner.query(
    `select
       c.conname as name, c.contype::text as type, c.convalidated as validated,
       c.condeferrable as deferrable, c.condeferred as deferred,
       array(
         select a.attname::text
         from unnest(c.conkey) with ordinality as k(attnum, n)
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum
         order by k.n
       ) as columns,
       c.confrelid as referenced, n.nspname as "referencedSchema", r.relname as "referencedTable",
       array(
         select a.attname::text
         from unnest(c.confkey) with ordinality as k(attnum, n)
         join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum
         order by k.n
       ) as "referencedColumns",
       c.confdeltype::text as "onDelete", c.confupdtype::text as "onUpdate",
       coalesce(x.indnullsnotdistinct or x.indnatts > x.indnkeyatts, false) as special,
       case c.contype when 'c' then pg_get_expr(c.conbin, c.conrelid) end as expression
     from pg_constraint c
     left join pg_index x on c.contype = 'u' and x.indexrelid = c.conindid
     left join pg_class r on r.oid = c.confrelid
     left join pg_namespace n on n.oid = r.relnamespace
     where c.conrelid = $1 and ($2::text is null or c.conname = $2)
     order by c.conname`,
    [oid, name ?? null],
  );
}
