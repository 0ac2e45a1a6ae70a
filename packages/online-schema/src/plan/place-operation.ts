import type { TableOperation } from '../generate/table-operation';
import type { TableTarget } from '../recipes/recipe-definitions';
import { quoteIdentifier } from '../specification/identifier';
import { lockOn } from './locks';
import type { PlanContext } from './plan-context';
import type { PlanStep } from './plan-step';
import type { PlannedChange } from './planned-change';
import { planOperation } from './table-plan';

/** A foreign key comes after the unique constraint or index that it refers to, also one of a new table. */
export function placeOperation(context: PlanContext, operation: TableOperation): PlannedChange {
  const { operations, plannedIndexes } = context;
  const plan = (one: TableOperation) =>
    withHeirs(context, one, planOperation(context, one, isLate(operations, one)));
  if (operation.kind !== 'add-foreign-key') return plan(operation);
  const { table, schema, columns } = operation.definition.references;
  const isReferenced = (one: TableTarget) => one.table === table && one.schema === schema;
  const refersToIndex = plannedIndexes.some(
    (index) =>
      index.unique === true &&
      index.where === undefined &&
      isReferenced(index) &&
      columns.length === index.keys.length &&
      columns.every((column) => index.keys.includes(quoteIdentifier(column))),
  );
  if (refersToIndex) return { ...plan({ ...operation, isNew: false }), stage: 'references' };
  const refersToConstraint = operations.some(
    (other) => other.kind === 'add-unique' && !other.isNew && isReferenced(other.table),
  );
  return plan(refersToConstraint ? { ...operation, isNew: false } : operation);
}

/** Whether it must not be in a transaction with what takes an instant, whose locks would be held as long. */
function isLate(operations: readonly TableOperation[], operation: TableOperation): boolean {
  if (operation.isNew) return false;
  const isSlow = ('rewrites' in operation && operation.rewrites) || ('scans' in operation && operation.scans);
  if (operation.kind === 'add-exclusion' || isSlow) return true;
  // A default may be one of the new type.
  return (
    operation.kind === 'set-default' &&
    operations.some(
      (other) =>
        other.kind === 'set-type' &&
        (other.rewrites || other.scans) &&
        other.column === operation.column &&
        other.table.table === operation.table.table &&
        other.table.schema === operation.table.schema,
    )
  );
}

/** What locks a table locks its partitions and heirs; but for a comment, which is about the one. */
function withHeirs(
  context: PlanContext,
  { table, kind }: TableOperation,
  change: PlannedChange,
): PlannedChange {
  const { schema, table: name } = context.resolve(table);
  const heirs = context.factsOf(table)?.heirs ?? [];
  if (heirs.length === 0 || kind === 'comment') return change;
  const lockHeirs = (step: PlanStep): PlanStep => ({
    ...step,
    locks: step.locks.flatMap((lock) =>
      lock.relation === `${schema}.${name}`
        ? [lock, ...heirs.map((heir) => lockOn(heir, lock.mode, lock.held))]
        : [lock],
    ),
  });
  return { ...change, steps: change.steps.map(lockHeirs) };
}
