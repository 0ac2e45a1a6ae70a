/** A node of a plan as `EXPLAIN (ANALYZE, BUFFERS, WAL, VERBOSE, FORMAT JSON)` gives it, as far as it is read here. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly Operation?: string;
  readonly 'Parent Relationship'?: string;
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly Alias?: string;
  readonly 'Index Name'?: string;
  readonly 'Conflict Resolution'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly Filter?: string;
  readonly 'Join Filter'?: string;
  readonly 'Sort Key'?: readonly string[];
  readonly 'Presorted Key'?: readonly string[];
  readonly 'Sort Space Type'?: string;
  readonly 'Full-sort Groups'?: SortGroups;
  readonly 'Pre-sorted Groups'?: SortGroups;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Heap Fetches'?: number;
  readonly 'Plan Rows': number;
  /** Of one loop, on average. */
  readonly 'Actual Rows': number;
  /** 0 where the node never ran. */
  readonly 'Actual Loops': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Local Hit Blocks': number;
  readonly 'Local Read Blocks': number;
  readonly 'WAL Bytes'?: number;
  readonly 'WAL FPI'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface SortGroups {
  readonly 'Group Count': number;
}

export interface ExplainedPlan {
  readonly Plan: PlanNode;
  /** Without planning. */
  readonly 'Execution Time': number;
  readonly Triggers?: readonly unknown[];
}

/** The node and all below it, whether they ran or not. */
export function listNodes(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}

/** The node and all below it, sub-plans and CTEs among them, that ran. */
export function listRunNodes(node: PlanNode): PlanNode[] {
  return listNodes(node).filter((each) => each['Actual Loops'] > 0);
}

/** With the workers of a parallel plan, which the nodes above theirs have counted. */
export function countBuffers(node: PlanNode): number {
  return (
    node['Shared Hit Blocks'] +
    node['Shared Read Blocks'] +
    node['Local Hit Blocks'] +
    node['Local Read Blocks']
  );
}

/** Rows that the statement returned, or wrote where it returns none. */
export function countRows(root: PlanNode): number {
  const isSilentWrite = root['Node Type'] === 'ModifyTable' && root['Actual Rows'] === 0;
  const counted = isSilentWrite ? (root.Plans?.[0] ?? root) : root;
  return Math.round(counted['Actual Rows'] * counted['Actual Loops']);
}

/** As a tree for a reader: what each node is, on what, and what it did. */
export function renderPlan(node: PlanNode, depth = 0): string {
  const indent = '  '.repeat(depth);
  const index = node['Index Name'] === undefined ? '' : ` using ${node['Index Name']}`;
  const relation = node['Relation Name'] === undefined ? '' : ` on ${node['Relation Name']}`;
  const did =
    node['Actual Loops'] === 0
      ? 'never ran'
      : `rows ${node['Actual Rows']}, planned ${node['Plan Rows']}, loops ${node['Actual Loops']}, buffers ${countBuffers(node)}`;
  const kind = node.Operation ?? node['Node Type'];
  const lines = [`${indent}${kind}${index}${relation} (${did})`];
  const facts: [string, unknown][] = [
    ['index condition', node['Index Cond']],
    ['recheck', node['Recheck Cond']],
    ['filter', node.Filter],
    ['join filter', node['Join Filter']],
    ['removed by the filter', node['Rows Removed by Filter']],
    ['removed by the recheck', node['Rows Removed by Index Recheck']],
    ['heap fetches', node['Heap Fetches']],
    ['sort key', node['Sort Key']?.join(', ')],
    ['presorted', node['Presorted Key']?.join(', ')],
  ];
  for (const [name, fact] of facts) {
    if (fact !== undefined && fact !== 0) lines.push(`${indent}    ${name}: ${fact}`);
  }
  for (const child of node.Plans ?? []) lines.push(renderPlan(child, depth + 1));
  return lines.join('\n');
}
