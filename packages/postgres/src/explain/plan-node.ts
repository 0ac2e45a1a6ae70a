/** A node of a plan, as `EXPLAIN (FORMAT JSON)` gives it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
  readonly [fact: string]: unknown;
}

/** Facts that are texts and hold no expression of the statement. Expressions hold the values that it was planned for. */
const NAMES: ReadonlySet<string> = new Set([
  ...['Node Type', 'Parent Relationship', 'Subplan Name', 'Operation', 'Command', 'Strategy', 'Partial Mode'],
  ...['Join Type', 'Scan Direction', 'Schema', 'Relation Name', 'Alias', 'Index Name', 'CTE Name'],
  ...['Function Name', 'Conflict Resolution', 'Conflict Arbiter Indexes', 'Sort Method', 'Sort Space Type'],
  ...['Sort Methods Used', 'Cache Mode', 'Storage'],
]);

/** The plan without what may hold a value. */
export function hideExpressions(node: PlanNode): PlanNode {
  return hide(node) as PlanNode;
}

function hide(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'object').map(hide);
  if (typeof value !== 'object' || value === null) return value;
  const told = Object.entries(value).filter(
    ([fact, of]) => NAMES.has(fact) || (typeof of !== 'string' && !isTextList(of)),
  );
  return Object.fromEntries(told.map(([fact, of]) => [fact, NAMES.has(fact) ? of : hide(of)]));
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.some((one) => typeof one === 'string');
}

/** The node and all below it. */
function listNodes(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}

/** Indexes that it names, each once, in its order. */
export function listIndexes(root: PlanNode): string[] {
  const named = listNodes(root).flatMap((node) => [
    ...(node['Index Name'] === undefined ? [] : [node['Index Name']]),
    ...((node['Conflict Arbiter Indexes'] as readonly string[] | undefined) ?? []),
  ]);
  return [...new Set(named)];
}

/** Tables that it reads from their beginning on, each once. */
export function listScanned(root: PlanNode): string[] {
  const scans = listNodes(root).filter((node) => node['Node Type'] === 'Seq Scan');
  return [...new Set(scans.map((node) => String(node['Relation Name'])))];
}

export function writes(root: PlanNode): boolean {
  return listNodes(root).some((node) => node['Node Type'] === 'ModifyTable');
}
