import type { ExplainedPlan, Explanation } from './explanation';
import type { PlanNode } from './plan-node';

/** Expressions of a node that a reader looks for. */
const TOLD = ['Index Cond', 'Recheck Cond', 'Filter', 'Hash Cond', 'Join Filter', 'Sort Key'] as const;

/** An explanation as a text for people: the statement, its plans as trees, and what they say of indexes. It ends without a line break. */
export function renderExplanation({ text, name, values, custom, generic, expected }: Explanation): string {
  const kinds =
    values.length === 0 ? 'no values' : values.map((kind, at) => `$${at + 1} is ${kind}`).join(', ');
  return [
    text,
    `${name === undefined ? 'not prepared' : `prepared as ${name}`}; ${kinds}`,
    ...renderPlan('Plan for these values:', custom),
    ...(generic === undefined ? [] : renderPlan('Plan for all values:', generic)),
    `Indexes used: ${list(custom.indexes)}; read from the beginning on: ${list(custom.scanned)}`,
    ...renderFindings({ custom, generic, expected }),
  ].join('\n');
}

function* renderFindings({
  custom,
  generic,
  expected,
}: Pick<Explanation, 'custom' | 'generic' | 'expected'>): Iterable<string> {
  const unused = expected.filter((index) => !custom.indexes.includes(index));
  if (custom.scanned.length > 0 && unused.length > 0) {
    yield `An index fits: ${list(unused)}. Not using it is expected to cost less, as in a small table or for most of its rows.`;
  }
  if (custom.scanned.length > 0 && expected.length === 0) yield 'No index fits.';
  const lost = custom.indexes.filter((index) => generic !== undefined && !generic.indexes.includes(index));
  if (lost.length > 0) {
    yield `The plan for all values does without ${list(lost)}: CUSTOM_PLAN has the statement planned for its values each time.`;
  }
}

function renderPlan(title: string, { root }: ExplainedPlan): string[] {
  return [title, ...renderNode(root, 1)];
}

function renderNode(node: PlanNode, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const index = node['Index Name'] === undefined ? '' : ` using ${node['Index Name']}`;
  const relation = node['Relation Name'] === undefined ? '' : ` on ${node['Relation Name']}`;
  const facts = TOLD.filter((fact) => node[fact] !== undefined).map(
    (fact) => `${indent}    ${fact}: ${[node[fact]].flat().join(', ')}`,
  );
  return [
    `${indent}${node.Operation ?? node['Node Type']}${index}${relation} (${renderCost(node)})`,
    ...facts,
    ...(node.Plans ?? []).flatMap((child) => renderNode(child, depth + 1)),
  ];
}

function renderCost(node: PlanNode): string {
  const planned = `cost ${node['Total Cost']}, rows ${node['Plan Rows']}`;
  const { 'Actual Rows': rows, 'Actual Loops': loops } = node;
  if (loops === undefined) return planned;
  const pages = Number(node['Shared Hit Blocks']) + Number(node['Shared Read Blocks']);
  return `${planned}; really rows ${rows}, loops ${loops}, pages ${pages}`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
