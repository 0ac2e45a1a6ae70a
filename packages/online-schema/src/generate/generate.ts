import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSource, MigrationExecutor } from 'typeorm';
import { planInDetail } from '../plan/plan-changes';
import type { PlanStep } from '../plan/plan-step';
import { type PlannedChange, STAGES, type Stage } from '../plan/planned-change';
import { requireReadableLedger } from '../run/read-ledger';
import { GenerateError } from './generate-error';
import { HazardRefusedError } from './hazard-refused-error';
import type { IndexChange } from './plan-index-changes';
import { type ColumnName, droppedColumnsOf } from './plan-table-changes';
import { type MigrationFile, renderMigration } from './render-migration';

export interface GenerateRequest {
  /** Lower-case words joined by hyphens, for example `add-invoices`. */
  readonly name: string;
  /** Where the files go; made if it does not exist. */
  readonly directory: string;
  /** Milliseconds since 1970; never before a migration that is there. Default: now. */
  readonly now?: number;
  /** Hazards that are taken on, as `PlanOptions.allow` has them. Default: none. */
  readonly allow?: readonly string[];
}

export interface GenerateResult {
  /** Paths of the files written, in the order in which they will run; empty when nothing has changed. */
  readonly files: readonly string[];
  /** In the one transaction of the tables. */
  readonly tableStatements: number;
  /** Columns whose contents will be gone. */
  readonly droppedColumns: readonly ColumnName[];
  readonly indexChanges: readonly IndexChange[];
  /** What the files do, in order. */
  readonly steps: readonly PlanStep[];
}

/**
 * Compares the entities with the database and writes what is missing as TypeORM migrations: in one transaction, what
 * takes an instant; outside of any, before it and after it, what would otherwise stop writers (`STAGES` has the order).
 * Writes nothing when nothing has changed.
 *
 * @throws HazardRefusedError for what should be decided by a person first, with the ids that allow it.
 * @throws CatalogError for a table that this role may not read, that of applied migrations included.
 * @throws GenerateError while migrations are not built or not applied, since their changes would be written a second time.
 */
export async function generate(dataSource: DataSource, request: GenerateRequest): Promise<GenerateResult> {
  const { name, directory, allow = [] } = request;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new GenerateError(
      'HOLDFAST_MIGRATION_NAME',
      `the migration's name is "${name}"; allowed are lower-case words joined by hyphens, such as add-invoices`,
    );
  }
  await refusePending(dataSource);
  await refuseUnbuilt(dataSource, directory);
  const plan = await planInDetail(dataSource, { allow });
  if (plan.refused.length > 0) throw new HazardRefusedError(plan.refused);

  const now = Math.max(request.now ?? Date.now(), lastTimestamp(dataSource) + 1);
  const rendered: MigrationFile[] = [];
  for (const stage of STAGES) {
    const changes = plan.changes.filter((change) => change.stage === stage && change.up.length > 0);
    for (const [at, group] of groupByTransaction(stage, changes).entries()) {
      // A millisecond apart, so that each runs after what it needs, and is reverted before it.
      rendered.push(renderMigration({ name, timestamp: now + rendered.length }, stage, group, at + 1));
    }
  }
  await mkdir(directory, { recursive: true });
  const files: string[] = [];
  for (const file of rendered) {
    const path = join(directory, file.fileName);
    await writeFile(path, file.content, { flag: 'wx' });
    files.push(path);
  }
  const { steps, operations, indexChanges, changes } = plan;
  const statements = changes.filter(({ stage }) => stage === 'tables').flatMap(({ up }) => up);
  return {
    files,
    tableStatements: statements.length,
    droppedColumns: droppedColumnsOf(operations),
    indexChanges,
    steps,
  };
}

/**
 * What is written runs after all that is there already: a clock may be behind the one of whoever wrote a migration that
 * was merged, and on a new database the order of the timestamps is the order.
 */
function lastTimestamp({ migrations }: DataSource): number {
  const timestamps = migrations.map((one) => Number((one.name ?? one.constructor.name).slice(-13)));
  return Math.max(0, ...timestamps.filter(Number.isSafeInteger));
}

/** A table that is written anew has a transaction of its own. */
function groupByTransaction(stage: Stage, changes: readonly PlannedChange[]): PlannedChange[][] {
  const groups = new Map<string, PlannedChange[]>();
  for (const change of changes) {
    const key = stage === 'rewrites' ? JSON.stringify([change.table?.schema, change.table?.table]) : '';
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()];
}

async function refusePending(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  const pending = await requireReadableLedger(dataSource, runner)
    .then(() => new MigrationExecutor(dataSource, runner).getPendingMigrations())
    .finally(() => runner.release());
  const { length } = pending;
  if (length === 0) return;
  throw new GenerateError(
    'HOLDFAST_MIGRATIONS_PENDING',
    `${length} ${length === 1 ? 'migration has' : 'migrations have'} not been applied to this database (first: ${pending[0]?.name}); ` +
      'apply what is pending first, otherwise its changes would be written twice',
  );
}

/** A migration that was written and not built yet is as good as pending, but unknown to TypeORM. */
async function refuseUnbuilt(dataSource: DataSource, directory: string): Promise<void> {
  const written = (await readdir(directory).catch(() => [])).filter((file) =>
    /^\d{13}-.*\.[jt]s$/.test(file),
  );
  const built = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const unbuilt = written.find((file) => !built.some((name) => name.endsWith(file.slice(0, 13))));
  if (unbuilt === undefined) return;
  throw new GenerateError(
    'HOLDFAST_MIGRATIONS_PENDING',
    `${unbuilt} in ${directory} is not among the DataSource's migrations; build and apply it first, otherwise its ` +
      'changes would be written twice',
  );
}
