import type { QueryRunner } from 'typeorm';

/** Whatever has a name that an index of the schema could have. */
export interface NameOwner {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'index' | 'table' | 'view' | 'sequence' | 'type' | 'other';
  /** Of an index: its table, with schema. */
  readonly table: string | null;
  /** Of an index: the constraint that owns it. */
  readonly constraint: string | null;
}

/** What has these names; a name that is free is left out. Tables, indexes, views and sequences share one namespace. */
export async function readNameOwners(
  runner: QueryRunner,
  names: readonly { readonly schema: string; readonly name: string }[],
): Promise<NameOwner[]> {
  if (names.length === 0) return [];
  return runner.query(READ_OWNERS, [names.map(({ schema }) => schema), names.map(({ name }) => name)]);
}

const READ_OWNERS = `
  select
    n.nspname as schema,
    c.relname as name,
    case
      when c.relkind in ('i', 'I') then 'index'
      when c.relkind in ('r', 'p', 'f') then 'table'
      when c.relkind in ('v', 'm') then 'view'
      when c.relkind = 'S' then 'sequence'
      when c.relkind = 'c' then 'type'
      else 'other'
    end as kind,
    nt.nspname || '.' || t.relname as table,
    (
      select o.conname
      from pg_constraint o
      where o.conindid = c.oid and o.contype in ('p', 'u', 'x')
    ) as constraint
  from unnest($1::text[], $2::text[]) as wanted(schema, name)
  join pg_namespace n on n.nspname = wanted.schema
  join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
  left join pg_index x on x.indexrelid = c.oid
  left join pg_class t on t.oid = x.indrelid
  left join pg_namespace nt on nt.oid = t.relnamespace`;
