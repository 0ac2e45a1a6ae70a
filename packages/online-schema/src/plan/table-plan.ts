import type { TableOperation } from '../generate/table-operation';
import { EMPTY, estimateRewrite, estimateScan, INSTANT, QUERY } from './estimate';
import { hazardsOf } from './hazards';
import { lockOn } from './locks';
import { objectOf, planOnline } from './online-plan';
import type { PlanContext } from './plan-context';
import type { Hazard, PlanStep, StepKind, StepLock } from './plan-step';
import type { PlannedChange } from './planned-change';
import { refuse } from './refuse';
import { describeRevert } from './type-hazards';

/**
 * The steps of one operation, and what a migration calls for it.
 *
 * @param isLate It writes the table anew, or needs what does.
 */
export function planOperation(
  context: PlanContext,
  operation: TableOperation,
  isLate: boolean,
): PlannedChange {
  const hazards = hazardsOf(operation, context.operations);
  if (hazards.some(({ verdict }) => verdict === 'never')) return refuse(objectOf(operation), hazards);
  const online = operation.isNew ? undefined : planOnline(context, operation);
  if (online !== undefined) return withHazards(online, hazards);
  if (operation.kind === 'change-enum') {
    // Allowed, it stays as it is; the step is there to be refused.
    return refuse(objectOf(operation), hazards);
  }
  return {
    stage: isLate ? 'rewrites' : 'tables',
    table: operation.table,
    steps: [planPlain(context, operation, hazards)],
    up: operation.up.map((statement) => ({ kind: 'statement', statement })),
    down: operation.down.map((statement, at) => ({
      kind: 'statement',
      statement,
      ...(at === operation.down.length - 1 && noteOf(operation)),
    })),
  };
}

function noteOf(operation: TableOperation): { readonly note: string } | undefined {
  if (operation.kind !== 'set-type' || !operation.revertIsSlow) return undefined;
  const text = describeRevert(operation);
  return { note: `${text.charAt(0).toUpperCase()}${text.slice(1)}.` };
}

function withHazards(change: PlannedChange, hazards: readonly Hazard[]): PlannedChange {
  const steps = change.steps.map((step, at) =>
    at === 0 ? { ...step, hazards: [...hazards, ...step.hazards] } : step,
  );
  return { ...change, steps };
}

const KINDS: Partial<Readonly<Record<TableOperation['kind'], StepKind>>> = {
  'create-table': 'create table',
  'add-column': 'add column',
  'drop-column': 'drop column',
  'rename-column': 'rename column',
  'set-type': 'change type',
  'change-view': 'change view',
  'rename-constraint': 'rename constraint',
  'drop-exclusion': 'drop constraint',
  'add-exclusion': 'add constraint',
  'add-foreign-key': 'add constraint',
  'add-unique': 'add constraint',
  'add-check': 'add constraint',
};

/** TypeORM's own statements, in one transaction with the others. */
function planPlain(context: PlanContext, operation: TableOperation, hazards: readonly Hazard[]): PlanStep {
  const facts = operation.isNew ? undefined : context.factsOf(operation.table);
  const rewrites = 'rewrites' in operation && operation.rewrites;
  const scans = operation.kind === 'add-exclusion' || ('scans' in operation && operation.scans);
  const estimate = rewrites ? estimateRewrite : scans ? estimateScan : () => INSTANT;
  return {
    kind: KINDS[operation.kind] ?? 'change column',
    object: objectOf(operation),
    statements: operation.up.map(({ query }) => query),
    locks: locksOf(context, operation),
    rewrites,
    scans,
    transaction: 'shared',
    estimate: fillsView(operation)
      ? QUERY
      : operation.isNew
        ? EMPTY
        : facts === undefined
          ? INSTANT
          : estimate(facts),
    hazards,
  };
}

function locksOf(context: PlanContext, operation: TableOperation): StepLock[] {
  const { schema, table } = context.resolve(operation.table);
  const relation = `${schema}.${table}`;
  if (operation.kind === 'add-foreign-key') {
    const { references } = operation.definition;
    const other = context.factsOf(references);
    return other === undefined ? [] : [lockOn(`${other.schema}.${other.name}`, 'ShareRowExclusiveLock')];
  }
  if (operation.kind === 'change-view') return locksOfView(context, operation);
  if (operation.isNew || operation.kind === 'create-table') return [];
  if (operation.kind === 'comment') return [lockOn(relation, 'ShareUpdateExclusiveLock')];
  const isRewrite = 'rewrites' in operation && operation.rewrites;
  const isScan = 'scans' in operation && operation.scans;
  const held = isRewrite
    ? 'a rewrite'
    : operation.kind === 'add-exclusion'
      ? 'a build'
      : isScan
        ? 'a scan'
        : 'an instant';
  // The server makes foreign keys of a column anew when it gets another type.
  const keyed = operation.kind === 'set-type' ? (context.factsOf(operation.table)?.keyed ?? []) : [];
  const others = keyed.filter(({ column }) => 'column' in operation && column === operation.column);
  const sequences = operation.kind === 'set-type' ? operation.sequences : [];
  return [
    ...[relation, ...new Set(others.map((other) => other.table))].map((name) =>
      lockOn(name, 'AccessExclusiveLock', held),
    ),
    ...sequences.map(({ name }) => lockOn(name, 'ShareRowExclusiveLock', held)),
  ];
}

function fillsView({ kind, up }: TableOperation): boolean {
  return kind === 'change-view' && up.some(({ query }) => query.startsWith('CREATE MATERIALIZED'));
}

/** Whoever reads a view that is dropped waits until the one that takes its place is there. */
function locksOfView(
  context: PlanContext,
  { name, up }: Extract<TableOperation, { kind: 'change-view' }>,
): StepLock[] {
  if (!up.some(({ query }) => query.startsWith('DROP '))) return [];
  const relation = name.includes('.') ? name : `${context.resolve({ table: name }).schema}.${name}`;
  return [lockOn(relation, 'AccessExclusiveLock')];
}
