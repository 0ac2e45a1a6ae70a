import type { PlanNode } from '../statement/plan-node';
import type { Session } from '../statement/sent-statement';
import type { Touched } from '../statement/touched';

export interface UsedIndex {
  /** As `schema.name`; of a partition's index that of the index which it belongs to, in the end. */
  readonly name: string;
  /** Without the schema where that is on the search path. */
  readonly shown: string;
}

/**
 * The indexes that a statement relies on, in the order of its plan, then those of its triggers and functions. One in a part of the plan
 * that found nothing to do is among them: it was planned with it. An insert that does nothing on a conflict relies on
 * every unique index of its table, unless it names one.
 */
export async function findUsedIndexes(
  session: Session,
  root: PlanNode,
  behindIt: readonly Touched[],
): Promise<readonly UsedIndex[]> {
  const scanned = behindIt.filter(({ isIndex, scans }) => isIndex && scans > 0).map(({ name }) => name);
  const names = [...listIndexes(root), ...scanned];
  const tables = listArbitrated(root);
  if (names.length === 0 && tables.length === 0) return [];
  return session.query(READ_USED, [names, tables]);
}

const READ_USED = `
  with used as (
    select class.oid, array_position($1::text[], space.nspname || '.' || class.relname) as place
    from pg_class class
    join pg_namespace space on space.oid = class.relnamespace
    where class.relkind = 'i' and space.nspname || '.' || class.relname = any($1::text[])
    union all
    select index.indexrelid, cardinality($1::text[]) + 1
    from pg_index index
    join pg_class source on source.oid = index.indrelid
    join pg_namespace space on space.oid = source.relnamespace
    where (index.indisunique or index.indisexclusion) and space.nspname || '.' || source.relname = any($2::text[])
  )
  select space.nspname || '.' || class.relname as name,
         case when pg_table_is_visible(class.oid) then '' else space.nspname || '.' end || class.relname as shown
  from used
  join pg_class class on class.oid = coalesce(pg_partition_root(used.oid), used.oid)
  join pg_namespace space on space.oid = class.relnamespace
  group by class.oid, 1, 2
  order by min(used.place), 1`;

/** As `schema.name`: an index lives in the schema of its table, which a bitmap's node does not name and the one above it does. */
function listIndexes(node: PlanNode, schemaAbove?: string): string[] {
  const schema = node.Schema ?? schemaAbove;
  const own = [node['Index Name'] ?? [], node['Conflict Arbiter Indexes'] ?? []].flat();
  return [
    ...own.map((name) => `${schema}.${name}`),
    ...(node.Plans ?? []).flatMap((child) => listIndexes(child, schema)),
  ];
}

/** Tables of inserts that do nothing on any conflict, as `schema.name`. */
function listArbitrated(node: PlanNode): string[] {
  const isAny = node['Conflict Resolution'] === 'NOTHING' && node['Conflict Arbiter Indexes'] === undefined;
  return [
    ...(isAny ? [`${node.Schema}.${node['Relation Name']}`] : []),
    ...(node.Plans ?? []).flatMap(listArbitrated),
  ];
}
