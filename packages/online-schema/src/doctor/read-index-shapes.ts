import type { QueryRunner } from 'typeorm';
import { WITH_TABLES_LOOKED_AT } from './tables-looked-at';

/** One key of an index, with everything by which it may differ from a key of the same column. */
export interface KeyShape {
  /** Name of the column; null for an expression. */
  readonly column: string | null;
  /** Column or expression as the server spells it. */
  readonly text: string;
  /** Operator class by its number in the catalog, with its parameters. */
  readonly operatorClass: string;
  /** Of the operator class: what compares alike. */
  readonly family: string;
  /** By its number in the catalog; 0 for a type without one. */
  readonly collation: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  /** Whether the column may be NULL; null for an expression, of which nobody knows. */
  readonly nullable: boolean | null;
}

/** An index with what tells it from another. */
export interface IndexShape {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** Of a partitioned table, which holds nothing itself. */
  readonly partitioned: boolean;
  /** Attached to an index of a partitioned table, together with which it comes and goes. */
  readonly attached: boolean;
  readonly method: string;
  readonly keys: readonly KeyShape[];
  /** Included columns, in alphabetical order. */
  readonly include: readonly string[];
  readonly predicate: string | null;
  /** Storage parameters as the catalog holds them, in alphabetical order. */
  readonly storage: string;
  readonly unique: boolean;
  readonly nullsNotDistinct: boolean;
  /** False for a deferrable constraint, on which no foreign key and no ON CONFLICT may rest. */
  readonly immediate: boolean;
  readonly valid: boolean;
  readonly ready: boolean;
  readonly replicaIdentity: boolean;
  /** CLUSTER without a name puts the rows of the table in its order. */
  readonly clustered: boolean;
  /** Constraint that owns the index, and what kind it is: `p`, `u` or `x`. */
  readonly constraint: string | null;
  readonly constraintKind: 'p' | 'u' | 'x' | null;
  /** Foreign keys of other tables that rest on it. */
  readonly referencedBy: number;
  /** Of a partitioned table: those of its partitions together. */
  readonly bytes: number;
}

/** The indexes of the tables looked at, each key by itself, by schema, table and name. */
export async function readIndexShapes(
  runner: QueryRunner,
  schemas: readonly string[],
): Promise<IndexShape[]> {
  return runner.query(READ_SHAPES, [schemas]);
}

// The numbers of operator classes and collations are compared, not their names: two schemas may hold the same name.
// pg_index.indkey alone would take every expression for the same one.
const READ_SHAPES = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name as "table", class.relname as name,
         class.relkind = 'I' as partitioned, class.relispartition as attached, method.amname as method,
         index.indisunique as unique, index.indnullsnotdistinct as "nullsNotDistinct",
         index.indimmediate as immediate, index.indisvalid as valid,
         index.indisready and index.indislive as ready, index.indisreplident as "replicaIdentity", index.indisclustered as clustered,
         owner.conname as constraint, owner.contype as "constraintKind",
         (select count(*)::integer from pg_constraint where contype = 'f' and conindid = index.indexrelid)
           as "referencedBy",
         pg_get_expr(index.indpred, index.indrelid) as predicate,
         case class.relkind
           when 'I' then (select sum(pg_relation_size(part.relid)) from pg_partition_tree(class.oid) as part)
           else pg_relation_size(class.oid)
         end::float8 as bytes,
         (select coalesce(string_agg(option, ', ' order by option), '') from unnest(class.reloptions) as option)
           as storage,
         array(
           select included.attname::text
           from generate_series(index.indnkeyatts, index.indnatts - 1) as place
           join pg_attribute included
             on included.attrelid = index.indrelid and included.attnum = index.indkey[place]
           order by included.attname
         ) as include,
         (
           select json_agg(
             json_build_object(
               'column', source.attname,
               'text', pg_get_indexdef(index.indexrelid, place + 1, false),
               'operatorClass', index.indclass[place]::text || coalesce(key.attoptions::text, ''),
               'family', (select opcfamily::text from pg_opclass where oid = index.indclass[place]),
               'collation', index.indcollation[place]::text,
               'descending', index.indoption[place] & 1 = 1,
               'nullsFirst', index.indoption[place] & 2 = 2,
               'nullable', not source.attnotnull
             )
             order by place
           )
           from generate_series(0, index.indnkeyatts - 1) as place
           join pg_attribute key on key.attrelid = index.indexrelid and key.attnum = place + 1
           left join pg_attribute source
             on source.attrelid = index.indrelid and source.attnum = nullif(index.indkey[place], 0)
         ) as keys
  from looked_at
  join pg_index index on index.indrelid = looked_at.oid
  join pg_class class on class.oid = index.indexrelid
  join pg_am method on method.oid = class.relam
  left join pg_constraint owner on owner.conindid = index.indexrelid and owner.contype in ('p', 'u', 'x')
  order by looked_at.schema, looked_at.name, class.relname`;
