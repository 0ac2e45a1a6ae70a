import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { readTable } from '../catalog/read-table';
import { notePartitionedIndex } from '../partitions/note-partitioned-index';
import { refuseAttached } from '../partitions/refuse-attached';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex, renderDropIndex } from '../specification/render-index';
import { isUsable } from './build-index';
import { isDefinedAs, refuseForeign } from './existing-index';
import { refuseInUse } from './refuse-in-use';
import { dropLeftovers } from './replace-index';
import type { StatementRecorder } from './run-context';
import { temporaryName } from './temporary-name';

/**
 * Notes what `ensureIndex` would send, for a dry run. A table that is not there is one that comes before.
 *
 * @throws MigrationError where `ensureIndex` would refuse.
 */
export async function noteEnsureIndex(
  runner: QueryRunner,
  recorder: StatementRecorder,
  definition: IndexDefinition,
): Promise<void> {
  const { name } = definition;
  await noteExtensions(runner, recorder, definition);
  const table = await readTable(runner, definition);
  const located = { ...definition, schema: table?.schema ?? definition.schema };
  const create = (as: string) => renderCreateIndex({ ...located, name: as }, { concurrently: true });
  const [existing] = table === undefined ? [] : await readIndexes(runner, { schema: table.schema, name });
  if (existing !== undefined) refuseForeign(existing, definition);
  if (table?.partitioned) {
    const isKept = existing !== undefined && (await isSame(runner, recorder, located, existing));
    return notePartitionedIndex(runner, recorder, table, definition, isKept !== false);
  }
  if (table !== undefined) await dropLeftovers(runner, table, name);
  if (existing === undefined) return recorder.record(create(name));
  if (!isUsable(existing)) {
    recorder.record(renderDropIndex(existing));
    return recorder.record(create(name));
  }
  const isKept = await isSame(runner, recorder, located, existing);
  if (isKept === undefined)
    recorder.note(`index ${name} exists; whether it is as defined could not be looked at`);
  if (isKept !== false) return;
  await refuseAttached(runner, existing);
  await refuseInUse(runner, existing);
  const { schema } = existing;
  const [incoming, outgoing] = [temporaryName(name, 'new'), temporaryName(name, 'old')];
  recorder.record(create(incoming));
  for (const [from, to] of [
    [name, outgoing],
    [incoming, name],
  ] as const)
    recorder.record(`ALTER INDEX ${quoteQualified(schema, from)} RENAME TO ${quoteIdentifier(to)}`);
  recorder.record(renderDropIndex({ schema, name: outgoing }));
}

async function noteExtensions(
  runner: QueryRunner,
  recorder: StatementRecorder,
  { requires = [] }: IndexDefinition,
): Promise<void> {
  for (const extension of requires) {
    const found: unknown[] = await runner.query('select 1 from pg_extension where extname = $1', [extension]);
    if (found.length === 0) recorder.record(`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(extension)}`);
  }
}

async function isSame(
  runner: QueryRunner,
  recorder: StatementRecorder,
  definition: IndexDefinition,
  existing: CatalogIndex,
): Promise<boolean | undefined> {
  try {
    return await recorder.look(() => isDefinedAs(runner, definition, existing));
  } catch {
    return undefined;
  }
}
