import { listNodes, type PlanNode } from '../statement/plan-node';
import type { Session } from '../statement/sent-statement';

/** A table that a statement read or wrote. */
export interface ReadTable {
  readonly name: string;
  /** Of a partition the table that it belongs to, in the end; else the table itself. Without its schema where that is on the search path. */
  readonly root: string;
  readonly pages: number;
  readonly analysed: boolean;
}

/** The tables that the plan names, and more, by `schema.name`. */
export async function readTables(
  session: Session,
  root: PlanNode,
  more: readonly string[],
): Promise<ReadonlyMap<string, ReadTable>> {
  const named = listNodes(root).flatMap(({ Schema: schema, 'Relation Name': name }) =>
    schema === undefined || name === undefined ? [] : [`${schema}.${name}`],
  );
  const names = [...new Set([...named, ...more])];
  if (names.length === 0) return new Map();
  const rows: ReadTable[] = await session.query(READ_TABLES, [names]);
  return new Map(rows.map((row) => [row.name, row]));
}

const READ_TABLES = `
  select space.nspname || '.' || class.relname as name,
         coalesce(pg_partition_root(class.oid), class.oid)::regclass::text as root,
         (pg_relation_size(class.oid) / current_setting('block_size')::bigint)::float8 as pages,
         class.reltuples >= 0 as analysed
  from pg_class class
  join pg_namespace space on space.oid = class.relnamespace
  where space.nspname || '.' || class.relname = any($1::text[])`;
