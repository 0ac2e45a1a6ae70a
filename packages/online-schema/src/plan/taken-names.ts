import type { DataSource, QueryRunner } from 'typeorm';
import { type NameOwner, readNameOwners } from '../catalog/read-name-owners';
import { readTable } from '../catalog/read-table';
import { describeOwner } from '../drift/describe-index-state';
import { isAdded, isDropped, isEqual } from '../generate/merge-pairs';
import type { IndexChange } from '../generate/plan-index-changes';
import type { TableOperation } from '../generate/table-operation';
import { readConstraint } from '../recipes/read-constraint';
import type { ConstraintTarget, TableTarget } from '../recipes/recipe-definitions';
import { quoteQualified } from '../specification/identifier';
import { tablesOf } from '../specification/read-entity-indexes';
import { renderRename, targetOf } from './hazards';
import type { PlanContext } from './plan-context';
import type { Hazard } from './plan-step';
import type { PlannedChange } from './planned-change';
import { refuse } from './refuse';

/** A name that the plan gives to something new. Tables, indexes and views of a schema share their names. */
interface Wanted {
  readonly kind: 'table' | 'index' | 'constraint';
  readonly schema: string;
  readonly table: TableTarget;
  readonly name: string;
}

/**
 * Refuses what would be made under a name that something else of the schema has, also where the table is still to be made:
 * the migration would come so far, and no further.
 */
export async function refuseTakenNames(
  runner: QueryRunner,
  context: PlanContext,
  indexChanges: readonly IndexChange[],
): Promise<PlannedChange[]> {
  const wanted = [
    ...context.operations.flatMap((operation) => namesOf(context, operation)),
    ...indexChanges.flatMap((change): Wanted[] => {
      if (change.kind !== 'create') return [];
      const table = onlyTable(change.definition);
      const { schema } = context.resolve(table);
      return [{ kind: 'index', schema, table, name: change.definition.name }];
    }),
  ];
  const given = new Map<string, Wanted>();
  const owners = new Map((await readNameOwners(runner, wanted)).map((owner) => [keyOf(owner), owner]));
  for (const type of await readTypes(runner, wanted)) owners.set(keyOf(type), type);
  const refused: PlannedChange[] = [];
  for (const one of wanted) {
    const owner = owners.get(keyOf(one));
    const first = given.get(keyOf(one));
    given.set(keyOf(one), first ?? one);
    if (owner !== undefined && !isFree(context, one, owner, indexChanges)) {
      refused.push(refuse(one.name, [hazardOf(one, describeOwner(owner), wayOut(context, one, owner))]));
    } else if (first !== undefined) {
      const other = first.kind === 'table' ? 'table' : `${first.kind} of ${first.table.table}`;
      refused.push(
        refuse(one.name, [
          hazardOf(one, `the new ${other} ${first.name}`, 'declare another name for one of the two'),
        ]),
      );
    }
  }
  return [...refused, ...(await refuseOtherConstraints(runner, context))];
}

/** Refuses every entity whose table has the name of something that is no table. */
export async function refuseDisplaced(dataSource: DataSource): Promise<PlannedChange[]> {
  const runner = dataSource.createQueryRunner();
  try {
    const [row]: { schema: string | null }[] = await runner.query('select current_schema() as schema');
    const wanted = tablesOf(dataSource).map(
      ({ schema, tableName }): Wanted => ({
        kind: 'table',
        schema: schema ?? row?.schema ?? 'public',
        table: { ...(schema !== undefined && { schema }), table: tableName },
        name: tableName,
      }),
    );
    const unique = [...new Map(wanted.map((one) => [keyOf(one), one])).values()];
    const owners = await readNameOwners(runner, unique);
    return owners
      .filter(({ kind }) => kind !== 'table')
      .flatMap((owner) => {
        const one = unique.find((other) => keyOf(other) === keyOf(owner));
        if (one === undefined) return [];
        const instead = renderWayOut(
          owner,
          'let the entity name another table (one of a view is a @ViewEntity)',
        );
        return [refuse(one.name, [hazardOf(one, describeOwner(owner), instead)])];
      });
  } finally {
    await runner.release();
  }
}

function namesOf(context: PlanContext, operation: TableOperation): Wanted[] {
  const { schema } = context.resolve(operation.table);
  const wanted = { schema, table: operation.table };
  switch (operation.kind) {
    case 'create-table':
      return [
        { ...wanted, kind: 'table', name: operation.table.table },
        ...operation.indexed.map((name) => ({ ...wanted, kind: 'constraint', name }) as const),
      ];
    case 'add-unique':
      // One that takes the place of another of its name has the name already.
      return operation.isNew || operation.previous !== undefined
        ? []
        : [{ ...wanted, kind: 'constraint', name: operation.definition.name }];
    case 'add-exclusion':
      return operation.isNew || operation.replaces !== undefined
        ? []
        : [{ ...wanted, kind: 'constraint', name: operation.name }];
    default:
      return [];
  }
}

/** What the plan takes away before, or makes into what is wanted. */
function isFree(
  context: PlanContext,
  { kind, schema, table, name }: Wanted,
  owner: NameOwner,
  indexChanges: readonly IndexChange[],
): boolean {
  const isOwner = (one: TableTarget) => owner.table === pathOf(context.resolve(onlyTable(one)));
  if (owner.constraint !== null) {
    return (
      kind === 'constraint' &&
      context.operations.some(
        (one) => one.kind === 'drop-unique' && one.previous.name === owner.constraint && isOwner(one.table),
      )
    );
  }
  if (kind !== 'index' || owner.kind !== 'index') return false;
  // An index of the table that is invalid, or another one, is what ensureIndex replaces.
  if (owner.table === pathOf({ schema, table: table.table })) return true;
  return indexChanges.some(
    (change) => change.kind === 'drop' && change.previous.name === name && isOwner(change.previous),
  );
}

/** Refuses a constraint whose table has one of another kind by its name, unless the plan drops that before. */
async function refuseOtherConstraints(runner: QueryRunner, context: PlanContext): Promise<PlannedChange[]> {
  const { operations } = context;
  const dropped = operations.flatMap((one) => (isDropped(one) ? [keyOf(toName(context, one.previous))] : []));
  const refused: PlannedChange[] = [];
  for (const one of operations) {
    if (!isAdded(one) || one.isNew || one.previous !== undefined) continue;
    const { definition } = one;
    const table = await readTable(runner, definition);
    const found = table && (await readConstraint(runner, table, definition.name));
    // Of one that is an index as well, its name has been refused as such.
    const isIndex = one.kind === 'add-unique' && (found?.type === 'p' || found?.type === 'x');
    if (found === undefined || found.type === TYPES[one.kind] || isIndex) continue;
    const wanted: Wanted = { ...toName(context, definition), kind: 'constraint', table: one.table };
    if (dropped.includes(keyOf(wanted))) continue;
    refused.push(
      refuse(definition.name, [
        hazardOf(wanted, 'another kind of constraint of the table', 'declare another name'),
      ]),
    );
  }
  return refused;
}

const TYPES = { 'add-unique': 'u', 'add-check': 'c', 'add-foreign-key': 'f' } as const;

function hazardOf({ kind, table, name }: Wanted, owner: string, instead: string): Hazard {
  const what = kind === 'table' ? `table ${name}` : `${kind} ${name} of ${table.table}`;
  return {
    id: 'name-taken',
    target: targetOf(table, kind === 'table' ? '' : name),
    verdict: 'never',
    message: `${what} cannot be made, since its name belongs to ${owner}`,
    instead,
  };
}

/** The way to another name for one of the two; of a table that was renamed in its entity, to its own. */
function wayOut(context: PlanContext, { table }: Wanted, owner: NameOwner): string {
  for (const { kind, ...operation } of context.operations) {
    const former = kind === 'create-table' && 'former' in operation ? operation.former : undefined;
    if (former === undefined || !isEqual(operation.table, table) || owner.table !== pathOf(former)) continue;
    return `where it is the same table, rename it, and its indexes keep their names: ${renderRename(former, table.table)}`;
  }
  return renderWayOut(owner, 'declare another name');
}

function renderWayOut({ schema, name, kind }: NameOwner, declare: string): string {
  // ALTER TABLE renames views and sequences as well, and ALTER INDEX the constraint with its index.
  const what = kind === 'index' ? 'INDEX' : kind === 'type' ? 'TYPE' : 'TABLE';
  return `${declare}, or rename the other one in a migration written by hand: ALTER ${what} ${quoteQualified(schema, name)} RENAME TO …`;
}

async function readTypes(runner: QueryRunner, wanted: readonly Wanted[]): Promise<NameOwner[]> {
  const tables = wanted.filter(({ kind }) => kind === 'table');
  if (tables.length === 0) return [];
  return runner.query(
    `select n.nspname as schema, t.typname as name, 'type' as kind, null as table, null as constraint
     from unnest($1::text[], $2::text[]) as wanted(schema, name)
     join pg_namespace n on n.nspname = wanted.schema
     -- The server gives way with the array type of another one.
     join pg_type t on t.typnamespace = n.oid and t.typname = wanted.name and t.typrelid = 0 and t.typcategory <> 'A'`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  );
}

function toName(context: PlanContext, { schema, table, name }: ConstraintTarget) {
  const target = context.resolve({ ...(schema !== undefined && { schema }), table });
  // Constraints of one table share their names.
  return { schema: pathOf(target), name };
}

function pathOf({ schema, table }: TableTarget): string {
  return `${schema}.${table}`;
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

function onlyTable({ schema, table }: TableTarget): TableTarget {
  return { ...(schema !== undefined && { schema }), table };
}
