import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { quoteQualified } from '../specification/identifier';

/** An index by its place. */
export interface IndexName {
  readonly schema: string;
  readonly name: string;
}

/** A partition at any depth, and what there is on it of one index of the partitioned table. */
export interface Partition extends CatalogTable {
  /** Its rows are elsewhere; it can have no index. */
  readonly foreign: boolean;
  /** The oid of the table right above it. */
  readonly parent: number;
  /** The index of that table, to which its own is attached; null while there is none. */
  readonly above: IndexName | null;
  readonly aboveValid: boolean;
  /** Its own index, attached to `above`; null while there is none. */
  readonly index: IndexName | null;
  readonly valid: boolean;
}

/**
 * The partitions of the table, those above before those below, as far as they are not being detached. Without an
 * `index` of the table of that name, nothing is attached to it.
 */
export async function readPartitions(
  runner: QueryRunner,
  table: CatalogTable,
  index: string,
): Promise<Partition[]> {
  return runner.query(READ_PARTITIONS, [table.oid, quoteQualified(table.schema, index)]);
}

/** Whether an index is attached that is valid, or that becomes valid by what is below it. */
export function isSettled({ index, valid, partitioned }: Partition): boolean {
  return index !== null && (valid || partitioned);
}

// A partition's index hangs on the index of the table above it by the same catalog as the partition itself.
const READ_PARTITIONS = `
  with recursive
  tables as (
    select inhrelid as oid, inhparent as above, 1 as level
    from pg_inherits
    where inhparent = $1 and not inhdetachpending
    union all
    select h.inhrelid, h.inhparent, t.level + 1
    from tables t
    join pg_inherits h on h.inhparent = t.oid and not h.inhdetachpending
  ),
  indexes as (
    select indexrelid as oid, indrelid, indisvalid and indisready and indislive as valid
    from pg_index
    where indexrelid = to_regclass($2) and indrelid = $1
    union all
    select x.indexrelid, x.indrelid, x.indisvalid and x.indisready and x.indislive
    from indexes i
    join pg_inherits h on h.inhparent = i.oid
    join pg_index x on x.indexrelid = h.inhrelid
  ),
  named as (
    select i.indrelid, i.valid, json_build_object('schema', n.nspname, 'name', c.relname) as name
    from indexes i
    join pg_class c on c.oid = i.oid
    join pg_namespace n on n.oid = c.relnamespace
  )
  select
    c.oid,
    n.nspname as schema,
    c.relname as name,
    c.relkind = 'p' as partitioned,
    c.relkind = 'f' as foreign,
    t.above as parent,
    above.name as above,
    coalesce(above.valid, false) as "aboveValid",
    own.name as index,
    coalesce(own.valid, false) as valid
  from tables t
  join pg_class c on c.oid = t.oid
  join pg_namespace n on n.oid = c.relnamespace
  left join named above on above.indrelid = t.above
  left join named own on own.indrelid = t.oid
  order by t.level, n.nspname, c.relname`;
