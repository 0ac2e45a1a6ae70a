import type { QueryRunner } from 'typeorm';
import type { CatalogEnum } from './read-enum';

/** What must be taken away before a column changes its type, and how it is made again. */
export interface EnumDependents {
  readonly constraints: readonly DependentConstraint[];
  /** A whole before its parts: the index of a partitioned table, then those of its partitions. */
  readonly indexes: readonly DependentIndex[];
  readonly defaults: readonly DependentDefault[];
}

interface OfTable {
  readonly schema: string;
  readonly table: string;
}

export interface DependentConstraint extends OfTable {
  readonly name: string;
  /** As ADD CONSTRAINT takes it, NOT VALID included. */
  readonly definition: string;
  readonly comment: string | null;
}

export interface DependentIndex extends OfTable {
  readonly name: string;
  /** The whole CREATE INDEX; of a partitioned table ON ONLY. */
  readonly definition: string;
  /** The index that it is a part of. */
  readonly whole: string | null;
  readonly wholeSchema: string | null;
  readonly clustered: boolean;
  readonly tablespace: string | null;
  readonly comment: string | null;
}

interface DependentDefault extends OfTable {
  readonly column: string;
  /** As SET DEFAULT takes it. */
  readonly expression: string;
}

/** The columns of the type and of arrays of it, heirs included, and whatever the server knows to depend on those or on the type. */
const DEPENDENTS = `
  type as (select oid, typarray from pg_type where oid = $1),
  columns as (
    select a.attrelid, a.attnum
    from type t
    join pg_attribute a on a.atttypid in (t.oid, t.typarray) and a.attnum > 0 and not a.attisdropped
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
  ),
  dependents as (
    select d.classid, d.objid, d.objsubid, bool_or(d.refclassid = 'pg_type'::regclass) as of_type
    from pg_depend d
    where d.refclassid = 'pg_type'::regclass and d.refobjid in (select unnest(array[oid, typarray]) from type)
      or d.refclassid = 'pg_class'::regclass
        and exists (select from columns k where k.attrelid = d.refobjid and k.attnum = d.refobjsubid)
    group by 1, 2, 3
  )`;

/**
 * What depends on the type and cannot be made again from its text by a change of the type: views, policies, rules,
 * functions, generated columns, partition keys, domains, and whatever else the server knows and this does not.
 */
export async function readEnumObstacles(runner: QueryRunner, { oid }: CatalogEnum): Promise<string[]> {
  const rows: { name: string }[] = await runner.query(
    `with ${DEPENDENTS}
     select case
         when w.rulename = '_RETURN' then pg_describe_object('pg_class'::regclass, w.ev_class, 0)
         when c.relkind = 'p' and d.objsubid = 0 then format('partition key of table %s', d.objid::regclass)
         when c.relkind in ('v', 'm') then pg_describe_object(d.classid, d.objid, 0)
         when f.oid is not null then format('generated column %s of table %s', a.attname, f.adrelid::regclass)
         else pg_describe_object(d.classid, d.objid, d.objsubid)
       end as name
     from dependents d
     left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
     left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
     left join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
     left join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
     left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
     left join pg_statistic_ext s on d.classid = 'pg_statistic_ext'::regclass and s.oid = d.objid
     where case
         when c.oid is not null then c.relkind not in ('i', 'I')
           and not exists (select from columns k where k.attrelid = d.objid and k.attnum = d.objsubid)
         when f.oid is not null then a.attgenerated <> ''
         when k.oid is not null then k.conrelid = 0
         -- A change of the type makes it again, except for what it says of values.
         when s.oid is not null then s.stxexprs is not null
         when d.classid = 'pg_type'::regclass then d.objid <> (select typarray from type)
         else true
       end
     union
     select format('partition key of table %s', k.attrelid::regclass)
     from columns k
     join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = k.attrelid and d.objsubid = k.attnum
     where d.refclassid = 'pg_class'::regclass and d.refobjid = k.attrelid and d.refobjsubid = 0 and d.deptype = 'i'
     order by 1`,
    [oid],
  );
  return rows.map(({ name }) => name);
}

/** What `ALTER COLUMN TYPE` would fail on, or forget, and what can be made again. */
export async function readEnumDependents(runner: QueryRunner, found: CatalogEnum): Promise<EnumDependents> {
  return {
    constraints: await readConstraints(runner, found),
    indexes: await readIndexes(runner, found),
    defaults: await readDefaults(runner, found),
  };
}

async function readConstraints(runner: QueryRunner, { oid }: CatalogEnum): Promise<DependentConstraint[]> {
  return runner.query(
    `with ${DEPENDENTS}
     select n.nspname as schema, c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as definition,
       obj_description(k.oid, 'pg_constraint') as comment
     from pg_constraint k
     join pg_class c on c.oid = k.conrelid
     join pg_namespace n on n.oid = c.relnamespace
     left join pg_index x on x.indexrelid = k.conindid and k.contype = 'x'
     -- What a table has from the one above it comes and goes with that one.
     where k.coninhcount = 0 and k.conparentid = 0
       and (k.contype in ('c', 'f') or x.indpred is not null or x.indexprs is not null)
       and (
         exists (select from dependents d where d.classid = 'pg_constraint'::regclass and d.objid = k.oid)
         or exists (select from dependents d where d.classid = 'pg_class'::regclass and d.objid = x.indexrelid)
       )
     order by 1, 2, 3`,
    [oid],
  );
}

async function readIndexes(runner: QueryRunner, { oid }: CatalogEnum): Promise<DependentIndex[]> {
  return runner.query(
    `with recursive ${DEPENDENTS},
     tree as (
       select x.indexrelid, x.indrelid, x.indisclustered, null::oid as whole, 0 as depth
       from pg_index x
       where (x.indpred is not null or x.indexprs is not null)
         and exists (select from dependents d where d.classid = 'pg_class'::regclass and d.objid = x.indexrelid)
         and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.contype = 'x')
         and not exists (select from pg_inherits h where h.inhrelid = x.indexrelid)
       union all
       select x.indexrelid, x.indrelid, x.indisclustered, h.inhparent, t.depth + 1
       from tree t
       join pg_inherits h on h.inhparent = t.indexrelid
       join pg_index x on x.indexrelid = h.inhrelid
     )
     select n.nspname as schema, c.relname as table, i.relname as name, pg_get_indexdef(i.oid) as definition,
       w.relname as whole, wn.nspname as "wholeSchema", t.indisclustered as clustered, s.spcname as tablespace,
       obj_description(i.oid, 'pg_class') as comment
     from tree t
     join pg_class i on i.oid = t.indexrelid
     join pg_class c on c.oid = t.indrelid
     join pg_namespace n on n.oid = c.relnamespace
     left join pg_class w on w.oid = t.whole
     left join pg_namespace wn on wn.oid = w.relnamespace
     left join pg_tablespace s on s.oid = i.reltablespace
     order by t.depth, 1, 2, 3`,
    [oid],
  );
}

async function readDefaults(runner: QueryRunner, { oid }: CatalogEnum): Promise<DependentDefault[]> {
  return runner.query(
    `with ${DEPENDENTS}
     select n.nspname as schema, c.relname as table, a.attname as column,
       pg_get_expr(f.adbin, f.adrelid) as expression
     from pg_attrdef f
     join pg_class c on c.oid = f.adrelid
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum and a.attgenerated = ''
     where exists (select from dependents d where d.classid = 'pg_attrdef'::regclass and d.objid = f.oid)
       or exists (select from columns k where k.attrelid = f.adrelid and k.attnum = f.adnum)
     order by 1, 2, a.attnum`,
    [oid],
  );
}
