import { countBuffers, countRows, type ExplainedPlan, listNodes, type PlanNode } from './plan-node';
import type { Session } from './sent-statement';
import { countTouchedPages, findTouchedSince, readTouched } from './touched';

/** What one statement did and took, as the server says. */
export interface StatementRun {
  /** Rows that it returned, or wrote where it returns none. */
  readonly rows: number;
  /** Without planning. */
  readonly elapsedMs: number;
  /** Pages of tables and indexes that were touched, from memory or not; by triggers and functions too. */
  readonly buffers: number;
  /** What it wrote for crash safety, whole pages after a checkpoint among it. */
  readonly walBytes: number;
  readonly walFullPages: number;
  /** The nodes of its plan, from the outermost to the innermost, with their indexes: `Limit > Index Scan idx_events_id`. */
  readonly plan: string;
  /** Those of its plan, then those that triggers and functions looked into. */
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
  // Triggers run after the plan, whose nodes do not count what those touch; and no node tells what a function looks into.
  const touched = findTouchedSince(before, await readTouched(session));
  const unseen = touched.filter(({ isIndex, scans }) => isIndex && scans > 0).map(({ name }) => baseOf(name));
  return {
    ...run,
    buffers: Math.max(run.buffers, countTouchedPages(touched)),
    indexes: [...new Set([...run.indexes, ...unseen])],
  };
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

const baseOf = (name: string): string => name.slice(name.indexOf('.') + 1);

function renderNode(node: PlanNode): string {
  const on = node['Index Name'] ?? node['Relation Name'];
  return on === undefined ? node['Node Type'] : `${node['Node Type']} ${on}`;
}
