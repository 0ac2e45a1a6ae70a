import { temporaryName } from '../migration/temporary-name';
import { notNullCheckName } from '../recipes/not-null-check-name';
import type {
  CheckDefinition,
  ColumnTarget,
  ConstraintTarget,
  ForeignKeyDefinition,
  UniqueDefinition,
} from '../recipes/recipe-definitions';
import {
  renderAddCheck,
  renderAddForeignKey,
  renderAddUnique,
  renderDropConstraint,
  renderDropNotNull,
  renderRenameConstraint,
  renderSetNotNull,
  renderValidate,
} from '../recipes/render-recipe';
import { quoteIdentifier } from '../specification/identifier';
import { EMPTY, estimateScan, INSTANT } from './estimate';
import { targetOf } from './hazards';
import { planBuild } from './index-plan';
import { lockOn } from './locks';
import type { PlanContext } from './plan-context';
import type { PlanStep, StepLock } from './plan-step';

const PLAIN = { rewrites: false, scans: false, transaction: 'own', estimate: INSTANT, hazards: [] } as const;

/** ADD CONSTRAINT … NOT VALID, VALIDATE, SET NOT NULL, DROP CONSTRAINT. */
export function planNotNull(context: PlanContext, target: ColumnTarget): PlanStep[] {
  const column = context.resolve(target);
  const name = notNullCheckName(column);
  const check = { ...column, name, expression: `${quoteIdentifier(column.column)} IS NOT NULL` };
  return [
    ...planCheck(context, check),
    {
      ...PLAIN,
      kind: 'set not null',
      object: `${column.table}.${column.column}`,
      statements: [renderSetNotNull(column)],
      locks: [lockOn(nameOf(column), 'AccessExclusiveLock')],
    },
    planDrop(context, check),
  ];
}

export function planDropNotNull(context: PlanContext, target: ColumnTarget): PlanStep {
  const column = context.resolve(target);
  return {
    ...PLAIN,
    kind: 'drop not null',
    object: `${column.table}.${column.column}`,
    statements: [renderDropNotNull(column)],
    locks: [lockOn(nameOf(column), 'AccessExclusiveLock')],
  };
}

/** With `previous`, the new one stands beside the old one until it is valid. */
export function planCheck(
  context: PlanContext,
  definition: CheckDefinition,
  previous?: CheckDefinition,
): PlanStep[] {
  const check = context.resolve(definition);
  const name = previous === undefined ? check.name : temporaryName(check.name, 'new');
  return [
    planAdd(name, renderAddCheck({ ...check, name }), [lockOn(nameOf(check), 'AccessExclusiveLock')]),
    planValidate(context, { ...check, name }, []),
    ...(previous === undefined ? [] : [planSwap(check, name, locksOfDrop(context, check))]),
  ];
}

/** As `planCheck`. */
export function planForeignKey(
  context: PlanContext,
  definition: ForeignKeyDefinition,
  previous: ForeignKeyDefinition | undefined,
): PlanStep[] {
  const key = context.resolve({ ...definition, references: context.resolve(definition.references) });
  const name = previous === undefined ? key.name : temporaryName(key.name, 'new');
  const referenced = nameOf(key.references);
  const isSelf = referenced === nameOf(key);
  const steps = [
    planAdd(name, renderAddForeignKey({ ...key, name }), [
      lockOn(nameOf(key), 'ShareRowExclusiveLock'),
      ...(isSelf ? [] : [lockOn(referenced, 'ShareRowExclusiveLock')]),
    ]),
    planValidate(context, { ...key, name }, isSelf ? [] : [lockOn(referenced, 'RowShareLock', 'a scan')]),
  ];
  const [first, ...rest] = steps;
  if (first === undefined) return [];
  const warned = { ...first, hazards: hasIndex(context, key) ? [] : [withoutIndex(key)] };
  if (previous === undefined) return [warned, ...rest];
  return [
    warned,
    ...rest,
    planSwap(key, name, locksOfDrop(context, { ...key, references: context.resolve(previous.references) })),
  ];
}

function planSwap(
  constraint: ConstraintTarget & { readonly schema: string },
  incoming: string,
  locks: readonly StepLock[],
): PlanStep {
  return {
    ...PLAIN,
    kind: 'replace constraint',
    object: constraint.name,
    statements: [
      renderDropConstraint(constraint),
      renderRenameConstraint({ ...constraint, name: incoming }, constraint.name),
    ],
    locks,
  };
}

/** Its index is built concurrently, and then made the constraint's. */
export function planUnique(
  context: PlanContext,
  definition: UniqueDefinition,
  previous: UniqueDefinition | undefined,
): PlanStep[] {
  const unique = context.resolve(definition);
  const index = previous === undefined ? unique.name : temporaryName(unique.name, 'new');
  return [
    planBuild(context, {
      schema: unique.schema,
      table: unique.table,
      name: index,
      keys: unique.columns.map(quoteIdentifier),
      unique: true,
    }),
    {
      ...PLAIN,
      kind: previous === undefined ? 'add constraint' : 'replace constraint',
      object: unique.name,
      statements: [
        ...(previous === undefined ? [] : [renderDropConstraint(unique)]),
        renderAddUnique(unique, index),
      ],
      locks: [lockOn(nameOf(unique), 'AccessExclusiveLock')],
    },
  ];
}

/** Of a foreign key, both tables are locked: its triggers go from each. */
export function planDrop(context: PlanContext, target: ConstraintTarget | ForeignKeyDefinition): PlanStep {
  const constraint = context.resolve(target);
  return {
    ...PLAIN,
    kind: 'drop constraint',
    object: constraint.name,
    statements: [renderDropConstraint(constraint)],
    locks: locksOfDrop(context, constraint),
  };
}

function locksOfDrop(
  context: PlanContext,
  constraint: (ConstraintTarget | ForeignKeyDefinition) & { readonly schema: string },
): StepLock[] {
  const own = nameOf(constraint);
  const other = 'references' in constraint ? nameOf(context.resolve(constraint.references)) : own;
  return [...new Set([own, other])].map((relation) => lockOn(relation, 'AccessExclusiveLock'));
}

function planAdd(name: string, statement: string, locks: readonly StepLock[]): PlanStep {
  return { ...PLAIN, kind: 'add constraint', object: name, statements: [statement], locks };
}

function planValidate(
  context: PlanContext,
  constraint: ConstraintTarget & { readonly schema: string },
  others: readonly StepLock[],
): PlanStep {
  const facts = context.factsOf(constraint);
  return {
    ...PLAIN,
    kind: 'validate constraint',
    object: constraint.name,
    statements: [renderValidate(constraint)],
    locks: [lockOn(nameOf(constraint), 'ShareUpdateExclusiveLock', 'a scan'), ...others],
    scans: true,
    transaction: 'none',
    estimate: facts === undefined ? EMPTY : estimateScan(facts),
  };
}

function hasIndex(context: PlanContext, key: ForeignKeyDefinition & { readonly schema: string }): boolean {
  const planned = context.plannedIndexes
    .filter((index) => nameOf(context.resolve(index)) === nameOf(key) && index.where === undefined)
    .map(({ keys }) => keys.map((one) => one.replace(/^"(.*?)".*$/, '$1')));
  const existing = context.factsOf(key)?.indexLeads ?? [];
  return [...existing, ...planned].some((columns) => {
    const lead = columns.slice(0, key.columns.length);
    return key.columns.every((column) => lead.includes(column));
  });
}

function withoutIndex(key: ForeignKeyDefinition): PlanStep['hazards'][number] {
  const { name, table, columns, references } = key;
  return {
    target: targetOf(key, name),
    id: 'foreign-key-without-index',
    verdict: 'known',
    message: `no index of ${table} begins with (${columns.join(', ')}): every delete from ${references.table} reads all of ${table} for ${name}`,
    instead: 'declare an index on the columns, without a predicate',
  };
}

function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${schema}.${table}`;
}
