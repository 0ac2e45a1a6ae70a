import { countBuffers, countRows, listRunNodes, type PlanNode } from '../statement/plan-node';
import type { Breach, Notice } from './contract-report';
import type { ExplainedRun } from './explain-statement';
import type { QueryContract } from './query-contract';

export interface JudgeLimits {
  readonly smallTablePages: number;
  readonly smallSortRows: number;
}

type Finding<T extends { readonly kind: string; readonly reason: string }> = Pick<T, 'kind' | 'reason'>;

/** A page or two of each level of a few indexes, and what a page of rows is spread over beyond one page each. */
const SPARE_PAGES = 12;

/** The pages that a run may touch. */
export function readBudget({ maxBuffers }: Pick<QueryContract<never>, 'maxBuffers'>, root: PlanNode): number {
  return maxBuffers ?? countRows(root) + SPARE_PAGES;
}

/** What is wrong with one run of one statement. Whether the promised indexes were used is a matter of the whole call. */
export function judgeRun(
  contract: QueryContract<never>,
  run: ExplainedRun,
  { smallTablePages, smallSortRows }: JudgeLimits,
): Finding<Breach>[] {
  const found: Finding<Breach>[] = [];
  const budget = readBudget(contract, run.root);
  if (run.buffers > budget) {
    const allowed =
      contract.maxBuffers === undefined
        ? `${countRows(run.root)} rows + ${SPARE_PAGES}`
        : 'the contract says so';
    found.push({
      kind: 'over-budget',
      reason: `It touched ${run.buffers} pages and may touch ${budget} (${allowed}).`,
    });
  }
  if (contract.allows?.seqScan === undefined) {
    for (const [table, pages] of countScannedPages(run)) {
      if (pages <= smallTablePages) continue;
      found.push({
        kind: 'seq-scan',
        reason: `${pages} pages of table ${table} were read from its beginning on.`,
      });
    }
  }
  if (contract.allows?.sort === undefined) {
    for (const node of listRunNodes(run.root)) {
      const rows = countSortedRows(node);
      if (rows <= smallSortRows) continue;
      const keys = (node['Sort Key'] ?? []).join(', ');
      const onDisk = node['Sort Space Type'] === 'Disk' ? ', on disk' : '';
      found.push({
        kind: 'sort',
        reason: `${rows} rows were sorted by ${keys}${onDisk}, an order that an index can give.`,
      });
    }
  }
  return found;
}

/** By table, partitions under the table that they belong to. */
function countScannedPages({ root, tables, scannedUnseen }: ExplainedRun): Map<string, number> {
  const read = new Map<string, number>();
  const add = (name: string, pages: number) => read.set(name, Math.max(read.get(name) ?? 0, pages));
  for (const node of listRunNodes(root)) {
    if (node['Node Type'] !== 'Seq Scan') continue;
    const name = `${node.Schema}.${node['Relation Name']}`;
    const pages = tables.get(name)?.pages ?? 0;
    // With a filter it is luck how soon enough is found; without, a LIMIT above ends the scan where it says.
    add(name, node.Filter === undefined ? Math.min(countBuffers(node), pages) : pages);
  }
  for (const name of scannedUnseen) add(name, tables.get(name)?.pages ?? 0);
  const byRoot = new Map<string, number>();
  for (const [name, pages] of read) {
    const table = tables.get(name)?.root ?? name;
    byRoot.set(table, (byRoot.get(table) ?? 0) + pages);
  }
  return byRoot;
}

/** Of one loop: sorting a few rows a thousand times is a matter of the budget. An incremental sort holds a group at a time. */
function countSortedRows(node: PlanNode): number {
  const rows = node.Plans?.[0]?.['Actual Rows'] ?? 0;
  if (node['Node Type'] === 'Sort') return Math.round(rows);
  if (node['Node Type'] !== 'Incremental Sort') return 0;
  const groups =
    (node['Full-sort Groups']?.['Group Count'] ?? 0) + (node['Pre-sorted Groups']?.['Group Count'] ?? 0);
  return Math.round(rows / Math.max(groups / node['Actual Loops'], 1));
}

const ESTIMATE_RATIO = 100;
const MANY_REMOVED = 1000;

/** What makes the figures of a run doubtful. */
export function noteRun({ root, tables }: ExplainedRun): Finding<Notice>[] {
  const notes: Finding<Notice>[] = [];
  for (const { root: table, analysed } of new Set(tables.values())) {
    if (!analysed)
      notes.push({ kind: 'not-analysed', reason: `Table ${table} has no statistics: run ANALYZE first.` });
  }
  for (const node of listRunNodes(root)) {
    const on = node['Index Name'] ?? node['Relation Name'] ?? node['Node Type'];
    const planned = Math.max(node['Plan Rows'], 1);
    const actual = Math.max(node['Actual Rows'], 1);
    // Fewer than planned is what a LIMIT above does to every node below it.
    if (actual / planned > ESTIMATE_RATIO) {
      notes.push({
        kind: 'estimate',
        reason: `The planner expected ${node['Plan Rows']} rows of ${on}, and there were ${node['Actual Rows']}.`,
      });
    }
    const fetches = node['Heap Fetches'] ?? 0;
    if (fetches > 0) {
      notes.push({
        kind: 'heap-fetches',
        reason: `The index-only scan of ${on} looked into the table ${fetches} times: run VACUUM first.`,
      });
    }
    const removed = node['Rows Removed by Filter'] ?? 0;
    if (removed > MANY_REMOVED && removed > actual) {
      notes.push({
        kind: 'rows-removed',
        reason: `${removed} rows of ${on} were read and thrown away by its filter.`,
      });
    }
  }
  return notes;
}
