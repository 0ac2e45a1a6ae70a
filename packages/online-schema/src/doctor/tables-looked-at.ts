/**
 * Common table expression `looked_at (oid, schema, name, kind, rows, pages)`: tables, partitioned ones and
 * materialised views in the schemas of `$1`, without those that an extension brought along, whose indexes are its
 * own affair. Begins with `with`; `rows` is null for a table that was never analysed.
 */
export const WITH_TABLES_LOOKED_AT = `
  with looked_at as (
    select class.oid, space.nspname as schema, class.relname as name, class.relkind as kind,
           nullif(class.reltuples, -1)::float8 as rows, class.relpages as pages
    from pg_class class
    join pg_namespace space on space.oid = class.relnamespace
    where space.nspname = any ($1) and class.relkind in ('r', 'p', 'm') and class.relpersistence <> 't'
      and not exists (
        select from pg_depend
        where classid = 'pg_class'::regclass and objid = class.oid and deptype = 'e'
      )
  )`;
