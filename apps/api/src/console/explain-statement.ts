import type { QueryRunner } from 'typeorm';

/** What a statement's generic plan reads. */
export interface StatementPlan {
  /** ISO 8601. */
  readonly explainedAt: string;
  readonly indexes: readonly string[];
  /** Tables that are read from their beginning on. */
  readonly scanned: readonly string[];
  /** The planner's unit. */
  readonly cost: number;
}

/** A statement that is not explained, and why. */
class NotExplainableError extends Error {
  override readonly name = 'NotExplainableError';
  readonly code = 'HOLDFAST_NOT_EXPLAINABLE';
}

const EXPLAINABLE = /^\s*(?:\/\*[^*]*\*\/\s*)*(?:select|insert|update|delete|merge|with|values)\b/i;

/**
 * Asks the server how it would run a statement, for no particular values, and runs nothing. Expects a transaction that is
 * read-only.
 *
 * @throws NotExplainableError for what has no plan, and for a text in which a second statement may stand.
 */
export async function explainStatement(
  runner: QueryRunner,
  sent: string,
  now: () => number = Date.now,
): Promise<StatementPlan> {
  const text = sent.replace(/[\s;]+$/, '');
  if (!EXPLAINABLE.test(text))
    throw new NotExplainableError('Only statements that read or write rows have a plan');
  if (text.includes(';')) throw new NotExplainableError('It may be more than one statement');
  const [row] = await runner.query(`explain (generic_plan, format json) ${text}`);
  const [{ Plan: root }]: [{ Plan: PlanNode }] = row['QUERY PLAN'];
  const nodes = listNodes(root);
  return {
    explainedAt: new Date(now()).toISOString(),
    indexes: distinct(
      nodes.flatMap((node) => [node['Index Name'] ?? [], node['Conflict Arbiter Indexes'] ?? []].flat()),
    ),
    scanned: distinct(
      nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [])),
    ),
    cost: Math.round(root['Total Cost']),
  };
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Total Cost': number;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly Plans?: readonly PlanNode[];
}

function listNodes(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
