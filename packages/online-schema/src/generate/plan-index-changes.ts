import type { DataSource, QueryRunner } from 'typeorm';
import type { IndexDifference } from '../catalog/index-difference';
import { readColumnDependencies } from '../catalog/read-column-dependencies';
import { describeIndexState } from '../drift/describe-index-state';
import type { IndexState, IndexStateOf } from '../drift/index-state';
import { readEntityTables } from '../drift/read-entity-tables';
import { readIndexStates } from '../drift/read-index-states';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { GenerateError } from './generate-error';
import type { ColumnName, RenamedColumn } from './plan-table-changes';

/** One index that is not as declared. Every change says how to undo it. */
export type IndexChange =
  | { readonly kind: 'create'; readonly definition: IndexDefinition }
  | {
      readonly kind: 'replace';
      readonly definition: IndexDefinition;
      readonly previous: IndexDefinition;
      readonly differences: readonly IndexDifference[];
    }
  /** The index is the declared one under another name. */
  | { readonly kind: 'rename'; readonly definition: IndexDefinition; readonly previous: IndexDefinition }
  | {
      readonly kind: 'drop';
      readonly previous: IndexDefinition;
      /** No entity knows it, nor is it what a rebuild has left or goes with its column. */
      readonly isUndeclared: boolean;
    };

/** Index changes around the changes of the tables. */
export interface IndexPlan {
  /** Drops of indexes whose columns the table changes drop. */
  readonly before: readonly IndexChange[];
  readonly after: readonly IndexChange[];
}

/**
 * What must be done to the indexes of the entities' tables so that they are as declared, from the same comparison as
 * `holdfast drift`: missing ones built, changed ones replaced, those under another name renamed, undeclared ones dropped. An invalid index counts as
 * missing: `ensureIndex` rebuilds it.
 *
 * @param touched Columns that the table changes drop or rename. PostgreSQL would drop the indexes of a dropped column
 * along with it, with readers and writers locked out, and a revert could not bring them back before the column. It
 * carries those of a renamed one along, so that they are compared as they will be by then.
 * @throws GenerateError for an index that PostgreSQL refuses.
 */
export async function planIndexChanges(
  dataSource: DataSource,
  touched: TouchedColumns = { dropped: [], renamed: [] },
): Promise<IndexPlan> {
  const runner = dataSource.createQueryRunner();
  try {
    const tables = await readEntityTables(dataSource, runner);
    const now = await readIndexStates(dataSource, runner, tables);
    const gone = await findDependents(runner, now, touched.dropped);
    const states =
      touched.renamed.length === 0 ? now : await readIndexStates(dataSource, runner, tables, touched.renamed);
    const changes = states.flatMap((state) => planState(state, isGone(state)));
    return {
      before: gone.map((state) => ({ kind: 'drop', previous: toDefinition(state), isUndeclared: false })),
      // A name that is given up here may be the one that is needed there.
      after: [...changes.filter(freesName), ...changes.filter((change) => !freesName(change))],
    };

    function isGone(state: IndexState): boolean {
      const existing = existingOf(state);
      return gone.some(
        (one) => one.existing.name === existing?.name && one.existing.schema === existing.schema,
      );
    }

    function freesName(change: IndexChange): boolean {
      return (
        change.kind === 'drop' &&
        changes.some((other) => other.kind === 'create' && other.definition.name === change.previous.name)
      );
    }
  } finally {
    await runner.release();
  }
}

/** Columns that the table changes touch. */
interface TouchedColumns {
  readonly dropped: readonly ColumnName[];
  readonly renamed: readonly RenamedColumn[];
}

type WithExisting = Extract<IndexState, { readonly existing: CatalogIndex }>;

function existingOf(state: IndexState): CatalogIndex | undefined {
  return 'existing' in state ? state.existing : undefined;
}

/** @param isGone whether the existing index will have been dropped before. */
function planState(state: IndexState, isGone: boolean): IndexChange[] {
  switch (state.kind) {
    case 'same':
      return isGone ? [create(state)] : [];
    case 'missing':
    case 'invalid':
    case 'not-ready':
      return [create(state)];
    case 'different':
      return isGone ? [create(state)] : replace(state);
    case 'renamed':
      return isGone
        ? [create(state)]
        : [{ kind: 'rename', definition: state.definition, previous: toDefinition(state) }];
    case 'remains':
    case 'undeclared':
      return drop(state, isGone);
    case 'building':
      // Whoever builds it will have ended by then, or ensureIndex waits: what is declared is ensured all the same.
      return state.definition === undefined
        ? drop(state, isGone)
        : [create({ definition: state.definition })];
    // The plan looks at every name that it needs, and refuses this one.
    case 'name-taken':
      return [create(state)];
    case 'refused': {
      const { name, table } = state.definition;
      throw new GenerateError(
        'HOLDFAST_INDEX_REFUSED',
        `index ${name} on ${table} cannot be built: ${describeIndexState(state)}`,
        { cause: state.refusal },
      );
    }
    default:
      return state satisfies never;
  }
}

function create({ definition }: { readonly definition: IndexDefinition }): IndexChange {
  return { kind: 'create', definition };
}

function drop(state: WithExisting, isGone: boolean): IndexChange[] {
  const isUndeclared =
    state.kind === 'undeclared' || (state.kind === 'building' && state.definition === undefined);
  return isGone ? [] : [{ kind: 'drop', previous: toDefinition(state), isUndeclared }];
}

function replace(state: IndexStateOf<'different'>): IndexChange[] {
  const { definition, existing, differences } = state;
  // An index does not change tables.
  if (existing.table !== definition.table) return [...drop(state, false), create(state)];
  return [{ kind: 'replace', definition, previous: toDefinition(state), differences }];
}

function hasExisting(state: IndexState): state is WithExisting {
  return existingOf(state) !== undefined;
}

/** Of the existing indexes those that need one of the columns. */
async function findDependents(
  runner: QueryRunner,
  states: readonly IndexState[],
  columns: readonly ColumnName[],
): Promise<WithExisting[]> {
  if (columns.length === 0) return [];
  const own = states.filter(hasExisting).map((state) => {
    const { declaredSchema, name } = state.table;
    const path = declaredSchema === undefined ? name : `${declaredSchema}.${name}`;
    return { state, existing: state.existing, path };
  });
  const dependencies = await readColumnDependencies(
    runner,
    own.map(({ existing }) => existing.table),
  );
  const isTouched = ({ schema, table, name }: CatalogIndex, path: string) =>
    dependencies.some(
      (one) =>
        one.schema === schema &&
        one.table === table &&
        one.index === name &&
        columns.some((column) => column.table === path && column.column === one.column),
    );
  return own.filter(({ existing, path }) => isTouched(existing, path)).map(({ state }) => state);
}

/**
 * The definition that would build the index again, without what is PostgreSQL's default. Without a schema in the
 * entity, the migration leaves it to the search path as well.
 */
function toDefinition({ existing, table: { declaredSchema } }: WithExisting): IndexDefinition {
  const { table, name, keys, method, unique, nullsNotDistinct, include, where, storage } = existing;
  return {
    ...(declaredSchema !== undefined && { schema: declaredSchema }),
    table,
    name,
    keys,
    ...(method !== 'btree' && { method }),
    ...(unique && { unique }),
    ...(nullsNotDistinct && { nullsNotDistinct }),
    ...(include.length > 0 && { include }),
    ...(where !== undefined && { where }),
    ...(Object.keys(storage).length > 0 && { storage }),
  };
}
