import type { QueryRunner } from 'typeorm';
import { type CatalogTable, readTable } from '../catalog/read-table';
import type { IndexChange } from '../generate/plan-index-changes';
import type { StatementRecorder } from '../migration/run-context';
import { notePartitionedIndex } from '../partitions/note-partitioned-index';
import { partitionIndexName } from '../partitions/partition-index-name';
import { readPartitions } from '../partitions/read-partitions';
import { quoteQualified } from '../specification/identifier';
import { estimateBuild, INSTANT } from './estimate';
import { hazardsOfDrop, planIndexChange } from './index-plan';
import { lockOn } from './locks';
import type { PlanContext } from './plan-context';
import type { PlanStep, StepLock } from './plan-step';
import type { PlannedChange } from './planned-change';

/** As `planIndexChange`, for an index of a partitioned table: its steps are those of its partitions. */
export async function planPartitionedIndex(
  runner: QueryRunner,
  context: PlanContext,
  change: IndexChange,
  stage: 'drop indexes' | 'indexes',
): Promise<PlannedChange> {
  const planned = planIndexChange(context, change, stage);
  if (change.kind === 'rename') return planned;
  const definition = change.kind === 'drop' ? change.previous : change.definition;
  const table = await readTable(runner, definition);
  if (table === undefined) return planned;
  const leaves = (await readPartitions(runner, table, definition.name)).filter(
    ({ partitioned, foreign }) => !partitioned && !foreign,
  );
  if (change.kind === 'drop') {
    const step = planDrop(table, definition.name, locksOfDrop(table, leaves));
    return { ...planned, steps: [{ ...step, hazards: hazardsOfDrop(change) }] };
  }
  const statements: string[] = [];
  const recorder: StatementRecorder = {
    record: (statement) => void statements.push(statement),
    note: () => undefined,
    look: (work) => work(),
  };
  await notePartitionedIndex(runner, recorder, table, definition, false);
  const facts = context.factsOf(definition);
  const step: PlanStep = {
    kind: 'build index',
    object: definition.name,
    statements,
    locks: [
      lockOn(`${table.schema}.${table.name}`, 'ShareLock'),
      ...leaves.map(({ schema, name }) => lockOn(`${schema}.${name}`, 'ShareUpdateExclusiveLock', 'a build')),
      // Whoever plans a query on the partition opens its indexes, and so waits for the one that is attached.
      ...leaves.map((leaf) =>
        lockOn(
          `${leaf.schema}.${leaf.index?.name ?? partitionIndexName(leaf, definition)}`,
          'AccessExclusiveLock',
        ),
      ),
      ...(change.kind === 'replace' ? locksOfDrop(table, leaves) : []),
    ],
    rewrites: false,
    scans: true,
    transaction: 'none',
    estimate: facts === undefined ? INSTANT : estimateBuild(facts, definition),
    hazards: [],
  };
  return { ...planned, steps: [step] };
}

/** No statement drops it concurrently: readers and writers of every partition wait for an instant. */
function locksOfDrop(table: CatalogTable, leaves: readonly CatalogTable[]): StepLock[] {
  return [table, ...leaves].map(({ schema, name }) => lockOn(`${schema}.${name}`, 'AccessExclusiveLock'));
}

function planDrop({ schema }: CatalogTable, name: string, locks: readonly StepLock[]): PlanStep {
  return {
    kind: 'drop index',
    object: name,
    statements: [`DROP INDEX ${quoteQualified(schema, name)}`],
    locks,
    rewrites: false,
    scans: false,
    transaction: 'own',
    estimate: INSTANT,
    hazards: [],
  };
}
