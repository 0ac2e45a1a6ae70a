import { requireKnownOptions } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { type IndexChange, planIndexChanges } from '../generate/plan-index-changes';
import { planTableChanges } from '../generate/plan-table-changes';
import { readReferences } from '../generate/read-references';
import type { TableOperation } from '../generate/table-operation';
import type { ConstraintTarget, TableTarget } from '../recipes/recipe-definitions';
import { type Allowance, isAllowed, readAllowance, requireTargets } from './allowance';
import { hazardsOfReferences } from './hazards';
import { planIndexChange } from './index-plan';
import { refuseLongNames } from './long-names';
import { isSuperseded } from './online-plan';
import { planPartitionedIndex } from './partitioned-plan';
import { placeOperation } from './place-operation';
import { readPlanContext } from './plan-context';
import type { Hazard, PlanStep } from './plan-step';
import { type PlannedChange, STAGES } from './planned-change';
import { refuse } from './refuse';
import { refuseDisplaced, refuseTakenNames } from './taken-names';

export interface PlanOptions {
  /**
   * Hazards that are taken on: an id for all of its kind, or `id:target` for one, as `drop-column:notes.old`. Default: none.
   */
  readonly allow?: readonly string[];
}

/** What must be done so that the database is as the entities declare it. */
export interface Plan {
  /** In the order in which they are made. */
  readonly steps: readonly PlanStep[];
  /** Hazards that are not allowed, for which `generate` writes nothing. */
  readonly refused: readonly Hazard[];
}

/** A plan with what is needed to write it as migrations. */
export interface DetailedPlan extends Plan {
  /** In the order in which they are made. */
  readonly changes: readonly PlannedChange[];
  readonly operations: readonly TableOperation[];
  readonly indexChanges: readonly IndexChange[];
}

const KNOWN = ['allow'];

/**
 * Compares the entities with the database, and tells every step that makes the one like the other: its statements, the
 * locks it takes and whom they keep waiting, how long it may take, and what a person should decide first. Nothing is changed.
 *
 * @throws InvalidOptionError for a hazard that is none, that cannot be allowed, or whose target is not in the plan.
 */
export async function planChanges(dataSource: DataSource, options: PlanOptions = {}): Promise<Plan> {
  const { steps, refused } = await planInDetail(dataSource, options);
  return { steps, refused };
}

/** As `planChanges`, with the calls of the migrations. */
export async function planInDetail(dataSource: DataSource, options: PlanOptions): Promise<DetailedPlan> {
  requireKnownOptions('plan', options, KNOWN);
  const allowances = (options.allow ?? []).map(readAllowance);
  const displaced = await refuseDisplaced(dataSource);
  // What is no table can neither be compared nor changed.
  if (displaced.length > 0) return concludePlan(displaced, [], { operations: [], indexChanges: [] });
  const { operations, dropped, renamed } = await planTableChanges(dataSource);
  const indexes = await planIndexChanges(dataSource, { dropped, renamed });
  const indexChanges = [...indexes.before, ...indexes.after];
  const definitions = indexChanges.flatMap((change) =>
    change.kind === 'create' || change.kind === 'replace' ? [change.definition] : [],
  );
  const runner = dataSource.createQueryRunner();
  try {
    const context = await readPlanContext(
      runner,
      tablesOf(operations, indexChanges),
      definitions,
      operations,
    );
    const planIndexes = async (from: readonly IndexChange[], stage: 'drop indexes' | 'indexes') => {
      const planned: PlannedChange[] = [];
      for (const change of from) {
        const { partitioned } = context.factsOf(tableOf(change)) ?? { partitioned: false };
        const references =
          change.kind === 'drop' || change.kind === 'replace'
            ? await readReferences(runner, change.previous, operations)
            : [];
        planned.push(
          references.length > 0
            ? refuse(nameOf(change).name, hazardsOfReferences(nameOf(change), references))
            : partitioned
              ? await planPartitionedIndex(runner, context, change, stage)
              : planIndexChange(context, change, stage),
        );
      }
      return planned;
    };
    const changes = [
      ...(await planIndexes(indexes.before, 'drop indexes')),
      ...refuseLongNames(dataSource),
      ...(await refuseTakenNames(runner, context, indexChanges)),
      ...operations
        .toSorted((one, other) => Number(isSuperseded(context, one)) - Number(isSuperseded(context, other)))
        .map((operation) => placeOperation(context, operation)),
      ...(await planIndexes(indexes.after, 'indexes')),
    ].toSorted((one, other) => STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage));
    return concludePlan(changes, allowances, { operations, indexChanges });
  } finally {
    await runner.release();
  }
}

function concludePlan(
  changes: readonly PlannedChange[],
  allowances: readonly Allowance[],
  compared: Pick<DetailedPlan, 'operations' | 'indexChanges'>,
): DetailedPlan {
  const steps = changes.flatMap((change) => change.steps);
  const hazards = steps.flatMap((step) => step.hazards);
  requireTargets(allowances, hazards);
  const refused = hazards.filter(
    (hazard) => hazard.verdict === 'never' || (hazard.verdict === 'allow' && !isAllowed(hazard, allowances)),
  );
  // What is allowed and has no statement stays as it is.
  const kept = steps.filter(
    ({ kind, hazards: own }) => kind !== 'refused' || own.some((one) => refused.includes(one)),
  );
  return { steps: kept, refused, changes, ...compared };
}

function tablesOf(
  operations: readonly TableOperation[],
  indexChanges: readonly IndexChange[],
): TableTarget[] {
  const referenced = operations.flatMap((operation) =>
    operation.kind === 'add-foreign-key'
      ? [operation.definition.references]
      : operation.kind === 'drop-foreign-key'
        ? [operation.previous.references]
        : [],
  );
  return [...operations.map(({ table }) => table), ...referenced, ...indexChanges.map(tableOf)].map(
    onlyTable,
  );
}

function tableOf(change: IndexChange): TableTarget {
  return onlyTable(change.kind === 'drop' ? change.previous : change.definition);
}

function nameOf(change: IndexChange): ConstraintTarget {
  return change.kind === 'drop' ? change.previous : change.definition;
}

function onlyTable({ schema, table }: TableTarget): TableTarget {
  return { ...(schema !== undefined && { schema }), table };
}
