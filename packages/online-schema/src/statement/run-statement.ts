import { countBuffers, countRows, type ExplainedPlan, listNodes, type PlanNode } from './plan-node';
import type { Session } from './sent-statement';
import { countTouchedPages, findTouchedSince, readTouched } from './touched';

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

/** Runs a statement without parameters, and tells what it did. It is run in earnest: who does not want that rolls back. */
export async function runStatement(session: Session, sql: string): Promise<StatementRun> {
  const before = await readTouched(session);
  const explained: { 'QUERY PLAN': readonly [ExplainedPlan] }[] = await session.query(
    `explain (analyze, buffers, wal, timing off, format json) ${sql}`,
  );
  const [found] = explained[0]?.['QUERY PLAN'] ?? [];
  if (found === undefined) throw new Error('EXPLAIN gave no plan');
  const run = toRun(found);
  if ((found.Triggers ?? []).length === 0) return run;
  // Triggers run after the plan, whose nodes do not count what those touch.
  const touched = countTouchedPages(findTouchedSince(before, await readTouched(session)));
  return { ...run, buffers: Math.max(run.buffers, touched) };
}

function toRun({ Plan: root, 'Execution Time': elapsedMs }: ExplainedPlan): StatementRun {
  const nodes = listNodes(root);
  return {
    rows: countRows(root),
    elapsedMs,
    buffers: countBuffers(root),
    walBytes: root['WAL Bytes'] ?? 0,
    walFullPages: root['WAL FPI'] ?? 0,
    plan: nodes.map(renderNode).join(' > '),
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))],
  };
}

function renderNode(node: PlanNode): string {
  const on = node['Index Name'] ?? node['Relation Name'];
  return on === undefined ? node['Node Type'] : `${node['Node Type']} ${on}`;
}
