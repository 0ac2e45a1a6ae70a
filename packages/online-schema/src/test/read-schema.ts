import type { DataSource } from 'typeorm';

/**
 * All that a dump of the schema would hold, a line for each thing: columns, constraints, indexes, sequences, types, comments. The
 * place of a column among others is left out, since one that was dropped comes back at the end.
 */
export async function readSchema(dataSource: DataSource): Promise<string[]> {
  const rows: { line: string }[] = await dataSource.query(`
    select format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' else '' end,
        coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
        coalesce(' -- ' || col_description(c.oid, a.attnum), '')) as line
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations'
    union all
    select format('constraint %s.%s %s valid=%s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
    from pg_constraint
    where connamespace = 'public'::regnamespace and conrelid <> 0 and conrelid::regclass::text <> 'migrations'
      -- From 18 on the column says the same.
      and contype <> 'n'
    union all
    select format('index %s valid=%s', pg_get_indexdef(x.indexrelid), x.indisvalid)
    from pg_index x
    join pg_class i on i.oid = x.indexrelid
    where i.relnamespace = 'public'::regnamespace and x.indrelid::regclass::text <> 'migrations'
    union all
    select format('sequence %s %s', s.seqrelid::regclass, format_type(s.seqtypid, null))
    from pg_sequence s
    join pg_class c on c.oid = s.seqrelid
    where c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations_id_seq'
    union all
    select format('type %s %s', t.typname, string_agg(e.enumlabel, ',' order by e.enumsortorder))
    from pg_type t
    join pg_enum e on e.enumtypid = t.oid
    group by t.oid
    order by 1`);
  return rows.map(({ line }) => line);
}
