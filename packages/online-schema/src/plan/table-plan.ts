import type { TableOperation } from '../generate/table-operation';
import type { ConstraintTarget } from '../recipes/recipe-definitions';
import { renderAddEnumValue } from '../recipes/render-recipe';
import { quoteQualified } from '../specification/identifier';
import {
  planCheck,
  planDrop,
  planDropNotNull,
  planForeignKey,
  planNotNull,
  planUnique,
} from './constraint-plan';
import { EMPTY, estimateBackfill, estimateRewrite, estimateScan, INSTANT, QUERY } from './estimate';
import { hazardsOf } from './hazards';
import { lockOn } from './locks';
import type { PlanContext } from './plan-context';
import type { Hazard, PlanStep, StepKind, StepLock } from './plan-step';
import { type PlannedChange, recipe, type Stage } from './planned-change';
import { refuse } from './refuse';

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
    down: operation.down.map((statement) => ({ kind: 'statement', statement })),
  };
}

function withHazards(change: PlannedChange, hazards: readonly Hazard[]): PlannedChange {
  const steps = change.steps.map((step, at) =>
    at === 0 ? { ...step, hazards: [...hazards, ...step.hazards] } : step,
  );
  return { ...change, steps };
}

/** What has a way that stops no writer, or that must not be in a transaction with the rest. */
function planOnline(context: PlanContext, operation: TableOperation): PlannedChange | undefined {
  const make = (
    stage: Stage,
    steps: readonly PlanStep[],
    up: PlannedChange['up'][number],
    ...down: PlannedChange['down']
  ): PlannedChange => ({ stage, steps, up: [up], down });
  const partitioned = refusePartitioned(context, operation);
  if (partitioned !== undefined) return partitioned;
  switch (operation.kind) {
    case 'set-not-null': {
      const target = { ...operation.table, column: operation.column };
      return make(
        'constraints',
        planNotNull(context, target),
        recipe('ensureNotNull', target),
        recipe('dropNotNull', target),
      );
    }
    case 'drop-not-null': {
      const target = { ...operation.table, column: operation.column };
      return make(
        'constraints',
        [planDropNotNull(context, target)],
        recipe('dropNotNull', target),
        recipe('ensureNotNull', target),
      );
    }
    case 'add-check': {
      const { definition, previous } = operation;
      return make(
        'constraints',
        planCheck(context, definition, previous),
        recipe('ensureCheck', definition),
        previous === undefined ? drop(definition) : recipe('ensureCheck', previous),
      );
    }
    case 'drop-check':
      return make(
        'prepare',
        [planDrop(context, operation.previous)],
        drop(operation.previous),
        recipe('ensureCheck', operation.previous),
      );
    case 'add-unique': {
      const { definition, previous } = operation;
      return make(
        'constraints',
        planUnique(context, definition, previous),
        recipe('ensureUnique', definition),
        previous === undefined ? drop(definition) : recipe('ensureUnique', previous),
      );
    }
    case 'drop-unique':
      return make(
        'prepare',
        [planDrop(context, operation.previous)],
        drop(operation.previous),
        recipe('ensureUnique', operation.previous),
      );
    case 'add-foreign-key': {
      const { definition, previous } = operation;
      return make(
        'constraints',
        planForeignKey(context, definition, previous),
        recipe('ensureForeignKey', definition),
        previous === undefined ? drop(definition) : recipe('ensureForeignKey', previous),
      );
    }
    case 'drop-foreign-key':
      return make(
        'prepare',
        [planDrop(context, operation.previous)],
        drop(operation.previous),
        recipe('ensureForeignKey', operation.previous),
      );
    case 'add-enum-value': {
      const { value } = operation;
      const { schema, type } = value;
      return make(
        'prepare',
        [planEnumValue(context, operation)],
        recipe('ensureEnumValue', value),
        recipe('dropEnumValue', { schema, type, value: value.value }),
      );
    }
    case 'backfill': {
      const { set, where } = operation;
      return make(
        'constraints',
        [planBackfill(context, operation)],
        recipe('backfill', { ...operation.table, set, where }),
      );
    }
    default:
      return undefined;
  }
}

function drop({ schema, table, name }: ConstraintTarget) {
  return recipe('dropConstraint', { schema, table, name });
}

function planEnumValue(
  context: PlanContext,
  { value, table }: Extract<TableOperation, { kind: 'add-enum-value' }>,
): PlanStep {
  const schema = value.schema ?? context.resolve(table).schema;
  return {
    kind: 'add enum value',
    object: `${value.type}.${value.value}`,
    statements: [renderAddEnumValue({ ...value, schema })],
    locks: [],
    rewrites: false,
    scans: false,
    transaction: 'own',
    estimate: INSTANT,
    hazards: [],
  };
}

function planBackfill(
  context: PlanContext,
  { table, column, set, where }: Extract<TableOperation, { kind: 'backfill' }>,
): PlanStep {
  const { schema, table: name } = context.resolve(table);
  const facts = context.factsOf(table);
  return {
    kind: 'backfill',
    object: `${name}.${column}`,
    statements: [`UPDATE ${quoteQualified(schema, name)} SET ${set} WHERE ${where}`],
    locks: [lockOn(`${schema}.${name}`, 'RowExclusiveLock', 'a batch')],
    rewrites: false,
    scans: true,
    transaction: 'own',
    estimate: facts === undefined ? EMPTY : estimateBackfill(facts),
    hazards: [],
  };
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
  return [relation, ...new Set(others.map((other) => other.table))].map((name) =>
    lockOn(name, 'AccessExclusiveLock', held),
  );
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

function objectOf(operation: TableOperation): string {
  const { table } = operation.table;
  if ('column' in operation) return operation.column === '' ? table : `${table}.${operation.column}`;
  if ('definition' in operation) return operation.definition.name;
  if ('previous' in operation) return operation.previous?.name ?? table;
  return 'name' in operation ? operation.name : table;
}

/** What PostgreSQL can do to a plain table without stopping writers, and not to a partitioned one. */
function refusePartitioned(context: PlanContext, operation: TableOperation): PlannedChange | undefined {
  if (operation.kind !== 'add-unique' && operation.kind !== 'add-foreign-key') return undefined;
  if (context.factsOf(operation.table)?.partitioned !== true) return undefined;
  const what = operation.kind === 'add-unique' ? 'unique constraint' : 'foreign key';
  return refuse(objectOf(operation), [
    {
      id: 'partitioned-constraint',
      verdict: 'never',
      message: `${what} ${operation.definition.name} on the partitioned table ${operation.table.table} cannot be added without stopping its writers`,
      instead:
        operation.kind === 'add-unique'
          ? 'declare a unique index instead, which is built partition by partition'
          : 'add it NOT VALID to each partition, validate it there, and then to the parent, in a migration written by hand',
    },
  ]);
}
