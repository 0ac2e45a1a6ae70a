import type { QueryRunner } from 'typeorm';

/** What one statement did and took, as the server says. */
export interface StatementRun {
  /** Rows that it returned, or wrote where it returns none. */
  readonly rows: number;
  /** Without planning. */
  readonly elapsedMs: number;
  /** Pages of tables and indexes that were touched, from memory or not; by foreign keys and other triggers too. */
  readonly buffers: number;
  /** What it wrote for crash safety, whole pages after a checkpoint among it. */
  readonly walBytes: number;
  readonly walFullPages: number;
  /** The nodes of its plan, from the outermost to the innermost, with their indexes: `Limit > Index Scan idx_events_id`. */
  readonly plan: string;
  readonly indexes: readonly string[];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Local Hit Blocks': number;
  readonly 'Local Read Blocks': number;
  readonly 'WAL Bytes'?: number;
  readonly 'WAL FPI'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly Plan: PlanNode;
  readonly 'Execution Time': number;
  readonly Triggers?: readonly unknown[];
}

/** Runs a statement without parameters, and tells what it did. It is run in earnest: who does not want that rolls back. */
export async function runStatement(runner: QueryRunner, sql: string): Promise<StatementRun> {
  const before = await readTouched(runner);
  const explained: { 'QUERY PLAN': readonly [Explained] }[] = await runner.query(
    `explain (analyze, buffers, wal, timing off, format json) ${sql}`,
  );
  const [found] = explained[0]?.['QUERY PLAN'] ?? [];
  if (found === undefined) throw new Error('EXPLAIN gave no plan');
  const run = toRun(found);
  if ((found.Triggers ?? []).length === 0) return run;
  // Triggers run after the plan, whose nodes do not count what those touch.
  return { ...run, buffers: Math.max(run.buffers, (await readTouched(runner)) - before) };
}

/** Pages that this transaction has touched so far, catalogs apart. */
async function readTouched(runner: QueryRunner): Promise<number> {
  const [touched]: { pages: number }[] = await runner.query(READ_TOUCHED);
  return touched?.pages ?? 0;
}

const READ_TOUCHED = `
  select coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0)::float8 as pages
  from pg_class
  where relkind in ('r', 'i', 'm', 't') and relnamespace <> 'pg_catalog'::regnamespace`;

function toRun({ Plan: root, 'Execution Time': elapsedMs }: Explained): StatementRun {
  const nodes = listNodes(root);
  const isWrite = root['Node Type'] === 'ModifyTable' && root['Actual Rows'] === 0;
  const counted = isWrite ? (root.Plans?.[0] ?? root) : root;
  return {
    rows: counted['Actual Rows'] * counted['Actual Loops'],
    elapsedMs,
    buffers:
      root['Shared Hit Blocks'] +
      root['Shared Read Blocks'] +
      root['Local Hit Blocks'] +
      root['Local Read Blocks'],
    walBytes: root['WAL Bytes'] ?? 0,
    walFullPages: root['WAL FPI'] ?? 0,
    plan: nodes.map(renderNode).join(' > '),
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))],
  };
}

function listNodes(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}

function renderNode(node: PlanNode): string {
  const on = node['Index Name'] ?? node['Relation Name'];
  return on === undefined ? node['Node Type'] : `${node['Node Type']} ${on}`;
}
