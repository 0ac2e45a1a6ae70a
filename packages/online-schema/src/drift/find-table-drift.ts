import type { DataSource, QueryRunner } from 'typeorm';
import type { TableOperation } from '../generate/table-operation';
import { placeOperation } from '../plan/place-operation';
import { type PlanContext, readPlanContext } from '../plan/plan-context';
import type { PlanStep } from '../plan/plan-step';
import { STAGES } from '../plan/planned-change';
import { describeOperations, subjectOf } from './describe-operations';
import type { DriftFinding } from './drift-report';
import { explainUse, isNeeded, readIndexUse } from './index-use';
import type { EntityTable } from './read-entity-tables';

type Group = readonly [TableOperation, ...TableOperation[]];

/**
 * What `holdfast plan` would change about tables, columns, constraints and views: one finding for each thing, whatever
 * number of steps it takes.
 */
export async function findTableDrift(
  dataSource: DataSource,
  tables: readonly EntityTable[],
  operations: readonly TableOperation[],
): Promise<DriftFinding[]> {
  if (operations.length === 0) return [];
  const runner = dataSource.createQueryRunner();
  try {
    const targets = operations.flatMap((operation) =>
      operation.kind === 'add-foreign-key'
        ? [operation.table, operation.definition.references]
        : [operation.table],
    );
    const context = await readPlanContext(runner, targets, [], operations);
    const findings: DriftFinding[] = [];
    for (const group of groupBySubject(operations)) {
      const finding = describe(dataSource, context, group, tables);
      findings.push(await spareNeeded(runner, group, finding));
    }
    return findings;
  } finally {
    await runner.release();
  }
}

function describe(
  dataSource: DataSource,
  context: PlanContext,
  group: Group,
  tables: readonly EntityTable[],
): DriftFinding {
  const [{ table: target }] = group;
  const { name } = subjectOf(group.find(({ kind }) => kind === 'create-table') ?? group[0]);
  const { schema, tableName } = dataSource.driver.parseTableName(target.table);
  const known = tables.find((one) => one.name === target.table && one.declaredSchema === target.schema);
  const { differences, reason } = describeOperations(group);
  const steps = planSteps(context, group);
  const decision = steps.filter(isForPeople).flatMap(({ hazards }) => hazards.map(({ message }) => message));
  return {
    kind: 'table',
    schema: known?.found?.schema ?? target.schema ?? schema ?? context.resolve(target).schema,
    table: tableName,
    name,
    differences,
    reason: [reason, ...decision].join('; '),
    mend: steps.some(isForPeople) ? [] : steps.flatMap(({ statements }) => statements),
  };
}

/** With a unique constraint goes its index, on which more may rest than the constraint. */
async function spareNeeded(runner: QueryRunner, group: Group, finding: DriftFinding): Promise<DriftFinding> {
  const { schema, table } = finding;
  for (const operation of group) {
    const isDropped = operation.kind === 'drop-unique' || operation.kind === 'add-unique';
    if (!isDropped || operation.previous === undefined) continue;
    const use = await readIndexUse(runner, { schema, name: operation.previous.name });
    const reason = [finding.reason, ...explainUse(use, table)].join('; ');
    return { ...finding, reason, mend: isNeeded(use) ? [] : finding.mend };
  }
  return finding;
}

function planSteps(context: PlanContext, group: Group): PlanStep[] {
  return group
    .map((operation) => placeOperation(context, operation))
    .toSorted((one, other) => STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage))
    .flatMap(({ steps }) => steps);
}

/** Refused, or not to be made with statements that somebody runs one by one: writers would wait. */
function isForPeople({ kind, locks }: PlanStep): boolean {
  const stopsWriters = locks.some(({ blocks, held }) => blocks.includes('writers') && held !== 'an instant');
  return kind === 'refused' || kind === 'backfill' || stopsWriters;
}

/** Operations about the same thing; the constraints of a table that is made are part of that. */
function groupBySubject(operations: readonly TableOperation[]): Group[] {
  const groups = new Map<string, [TableOperation, ...TableOperation[]]>();
  for (const operation of operations) {
    const subject = operation.isNew ? { kind: 'table', name: operation.table.table } : subjectOf(operation);
    const { schema, table } = operation.table;
    const key = JSON.stringify([schema, table, subject.kind, subject.name]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [operation]);
    else group.push(operation);
  }
  return [...groups.values()];
}
