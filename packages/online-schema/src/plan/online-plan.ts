import { isEqual } from '../generate/merge-pairs';
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
import { EMPTY, estimateBackfill, INSTANT } from './estimate';
import { targetOf } from './hazards';
import { lockOn } from './locks';
import type { PlanContext } from './plan-context';
import type { PlanStep } from './plan-step';
import { type PlannedChange, recipe, type Stage } from './planned-change';
import { refuse } from './refuse';

/** What has a way that stops no writer, or that must not be in a transaction with the rest. */
export function planOnline(context: PlanContext, operation: TableOperation): PlannedChange | undefined {
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
        isSuperseded(context, operation) ? 'constraints' : 'prepare',
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

/**
 * Whether the table gets a new check by the same plan, which may be the same one edited: TypeORM makes the name of an unnamed
 * one from its expression. It guards the table until the new one does.
 */
export function isSuperseded({ operations }: PlanContext, { kind, table }: TableOperation): boolean {
  return (
    kind === 'drop-check' &&
    operations.some((other) => other.kind === 'add-check' && isEqual(other.table, table))
  );
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

/** What people call the thing that an operation is about. */
export function objectOf(operation: TableOperation): string {
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
      target: targetOf(operation.table, operation.definition.name),
      verdict: 'never',
      message: `${what} ${operation.definition.name} on the partitioned table ${operation.table.table} cannot be added without stopping its writers`,
      instead:
        operation.kind === 'add-unique'
          ? 'declare a unique index instead, which is built partition by partition'
          : 'add it NOT VALID to each partition, validate it there, and then to the parent, in a migration written by hand',
    },
  ]);
}
