import type { QueryRunner } from 'typeorm';
import { quoteIdentifier } from '../specification/identifier';
import { excludeEachOther } from './prove';
import type { IndexShape } from './read-index-shapes';
import { WITH_TABLES_LOOKED_AT } from './tables-looked-at';

/** A foreign key, as the side that refers sees it. */
export interface ForeignKey {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly partitioned: boolean;
  /** In the order of the constraint. */
  readonly columns: readonly string[];
  /** For each column, the operator families in which the constraint's comparison is an equality. */
  readonly families: readonly (readonly string[])[];
  readonly referencedSchema: string;
  readonly referencedTable: string;
  /** What a delete of the referenced row does: `a` nothing, `r` restrict, `c` cascade, `n` set null, `d` set default. */
  readonly onDelete: 'a' | 'r' | 'c' | 'n' | 'd';
  readonly rows: number | null;
  /** Of its rows: what a scan from end to end reads. */
  readonly tableBytes: number;
}

/** The foreign keys of the tables looked at; those that a partition has from its parent are the parent's. */
export async function readForeignKeys(
  runner: QueryRunner,
  schemas: readonly string[],
): Promise<ForeignKey[]> {
  return runner.query(READ_FOREIGN_KEYS, [schemas]);
}

/**
 * Whether the rows that refer to one row are found through the index: its first keys are the columns, in any order,
 * or it is unique on some of them, and its predicate, if any, holds wherever all of them are there. Undefined where
 * this role may not ask about the predicate.
 */
export async function servesForeignKey(
  runner: QueryRunner,
  index: IndexShape,
  key: ForeignKey,
): Promise<boolean | undefined> {
  if (!index.valid || index.schema !== key.schema || index.table !== key.table) return false;
  if (index.method !== 'btree' && index.method !== 'hash') return false;
  const covered = index.keys.slice(0, key.columns.length).map(({ column, family }) => {
    const at = column === null ? -1 : key.columns.indexOf(column);
    return key.families[at]?.includes(family) ? at : -1;
  });
  const all = covered.length === key.columns.length && !covered.includes(-1);
  const unique = index.unique && covered.length === index.keys.length && !covered.includes(-1);
  if (!all && !unique) return false;
  if (index.predicate === null) return true;
  const present = key.columns.map((column) => `${quoteIdentifier(column)} is not null`);
  return excludeEachOther(runner, index, [...present, `not (${index.predicate})`]);
}

// A reference compares the other table's column with this one's; the operator the other way round is what is looked up here.
const READ_FOREIGN_KEYS = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name as "table", looked_at.kind = 'p' as partitioned, looked_at.rows,
         reference.conname as name, space.nspname as "referencedSchema", referenced.relname as "referencedTable",
         reference.confdeltype as "onDelete",
         case looked_at.kind
           when 'p' then (
             select coalesce(sum(pg_relation_size(part.relid)), 0)
             from pg_partition_tree(looked_at.oid) as part
             where part.isleaf
           )
           else pg_relation_size(looked_at.oid)
         end::float8 as "tableBytes",
         array(
           select attribute.attname::text
           from unnest(reference.conkey) with ordinality as key (number, place)
           join pg_attribute attribute on attribute.attrelid = reference.conrelid and attribute.attnum = key.number
           order by key.place
         ) as columns,
         (
           select json_agg(
             array(
               select distinct member.amopfamily::text
               from pg_operator equality
               join pg_amop member on member.amopopr in (equality.oid, equality.oprcom)
               where equality.oid = comparison.operator
             )
             order by comparison.place
           )
           from unnest(reference.conpfeqop) with ordinality as comparison (operator, place)
         ) as families
  from looked_at
  join pg_constraint reference on reference.conrelid = looked_at.oid
  join pg_class referenced on referenced.oid = reference.confrelid
  join pg_namespace space on space.oid = referenced.relnamespace
  where reference.contype = 'f' and reference.conparentid = 0
  order by looked_at.schema, looked_at.name, reference.conname`;
