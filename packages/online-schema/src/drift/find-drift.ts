import type { DataSource, QueryRunner } from 'typeorm';
import { planTableChanges, type RenamedColumn } from '../generate/plan-table-changes';
import { readPartitions } from '../partitions/read-partitions';
import { describeIndexState } from './describe-index-state';
import type { DriftFinding, DriftReport } from './drift-report';
import { findTableDrift } from './find-table-drift';
import type { IndexState } from './index-state';
import { explainUse, type IndexUse, readIndexUse } from './index-use';
import { type EntityTable, readEntityTables } from './read-entity-tables';
import { readIndexStates } from './read-index-states';
import { type MendPlace, type PlacedPartition, renderIndexMend } from './render-index-mend';

/**
 * Every single difference between what the entities of an initialised DataSource declare and what the database has:
 * tables, columns and constraints as TypeORM compares them, indexes as the server itself spells them. Nothing is
 * changed and no writer is blocked.
 *
 * An index of a table that does not exist is part of that table's finding. One of a column that has another name is
 * compared as it will be once the column is renamed, which carries it along.
 *
 * @throws CatalogError for a table that this role may not read, MigrationError if it may make no temporary table,
 * IndexDeclarationError for a declaration that makes no index; whatever the driver throws.
 */
export async function findDrift(dataSource: DataSource): Promise<DriftReport> {
  const now = await readIndexDrift(dataSource, []);
  // TypeORM takes a connection of its own for this, and there may be no second one.
  const { operations, renamed } = await planTableChanges(dataSource);
  const { tables, states, ofIndexes, serverVersion } =
    renamed.length === 0 ? now : await readIndexDrift(dataSource, renamed);
  const ofTables = await findTableDrift(dataSource, tables, operations);
  return {
    findings: [
      ...ofTables
        .filter((finding) => !isNameTaken(finding, states))
        .map((finding) => withIndexes(finding, states)),
      ...ofIndexes,
    ],
    looked: { tables: tables.length, indexes: states.length, serverVersion },
  };
}

async function readIndexDrift(dataSource: DataSource, renames: readonly RenamedColumn[]) {
  const runner = dataSource.createQueryRunner();
  try {
    const tables = await readEntityTables(dataSource, runner);
    const states = await readIndexStates(dataSource, runner, tables, renames);
    const ofIndexes: DriftFinding[] = [];
    for (const state of states) {
      if (state.kind === 'same' || state.table.found === undefined) continue;
      ofIndexes.push(await describe(runner, state, state.table.found));
    }
    return { tables, states, ofIndexes, serverVersion: await readServerVersion(runner) };
  } finally {
    await runner.release();
  }
}

async function describe(
  runner: QueryRunner,
  state: Exclude<IndexState, { kind: 'same' }>,
  table: NonNullable<EntityTable['found']>,
): Promise<DriftFinding> {
  const name = nameOf(state);
  const partitions = table.partitioned ? await placePartitions(runner, table, name) : undefined;
  const use = await readUse(runner, state);
  return {
    kind: state.kind,
    schema: table.schema,
    table: state.table.name,
    name,
    differences:
      state.kind === 'renamed'
        ? [{ aspect: 'name', declared: name, actual: state.existing.name }]
        : 'differences' in state
          ? state.differences
          : [],
    reason: [describeIndexState(state), ...explainUse(use, state.table.name)].join('; '),
    mend: renderIndexMend(state, { schema: table.schema, partitions, use }),
  };
}

/** What needs the existing index, where the mend has it dropped. */
async function readUse(runner: QueryRunner, state: IndexState): Promise<IndexUse | undefined> {
  switch (state.kind) {
    case 'different':
    case 'invalid':
    case 'not-ready':
    case 'remains':
    case 'undeclared':
      return readIndexUse(runner, state.existing);
    default:
      return undefined;
  }
}

function nameOf(state: IndexState): string {
  if ('definition' in state && state.definition !== undefined) return state.definition.name;
  return 'existing' in state ? (state.existing?.name ?? '') : '';
}

async function placePartitions(
  runner: QueryRunner,
  table: NonNullable<EntityTable['found']>,
  index: string,
): Promise<PlacedPartition[]> {
  const partitions = await readPartitions(runner, table, index);
  const rows: { oid: number; parent: number }[] = await runner.query(
    'select inhrelid as oid, inhparent as parent from pg_inherits where inhrelid = any ($1::oid[])',
    [partitions.map(({ oid }) => oid)],
  );
  const parents = new Map(rows.map(({ oid, parent }) => [oid, parent]));
  return partitions.map((partition) => ({ ...partition, parent: parents.get(partition.oid) ?? table.oid }));
}

/** A constraint that has the name of a declared index is one finding: that of the index, which a person must decide. */
function isNameTaken({ table, name }: DriftFinding, states: readonly IndexState[]): boolean {
  return states.some(
    (state) => state.kind === 'name-taken' && state.table.name === table && state.owner.constraint === name,
  );
}

/** A table that is made comes with its indexes, which nobody could write to yet. */
function withIndexes(finding: DriftFinding, states: readonly IndexState[]): DriftFinding {
  const place: MendPlace = { schema: finding.schema, partitions: undefined };
  const own = states.filter(
    ({ table }) => table.found === undefined && table.name === finding.table && isOf(table, finding),
  );
  return { ...finding, mend: [...finding.mend, ...own.flatMap((state) => renderIndexMend(state, place))] };
}

function isOf({ declaredSchema, name }: EntityTable, { schema, name: subject }: DriftFinding): boolean {
  return subject === name && (declaredSchema === undefined || declaredSchema === schema);
}

async function readServerVersion(runner: QueryRunner): Promise<string> {
  const [row]: { version: string }[] = await runner.query(
    `select split_part(current_setting('server_version'), ' ', 1) as version`,
  );
  return row?.version ?? '';
}
