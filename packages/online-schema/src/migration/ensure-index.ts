import type { QueryRunner } from 'typeorm';
import { canonicalise } from '../catalog/canonicalise';
import { compareIndexes } from '../catalog/compare-indexes';
import { readIndexes } from '../catalog/read-indexes';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex, renderDropIndex } from '../specification/render-index';
import { refuseTransaction, runConcurrently } from './concurrent-session';
import { ensureExtension } from './ensure-extension';
import { MigrationError } from './migration-error';
import { runStep } from './steps';
import { temporaryName } from './temporary-name';

/**
 * Afterwards the index exists, is valid, and is what the definition says; writers were never blocked.
 *
 * It looks before it acts, so it may be run again after any failure: a valid index of the same definition is
 * kept, an invalid one (a cancelled or failed build) is rebuilt, and a valid one of another definition is
 * replaced: the new one is built first, then the names are swapped, then the old one is dropped.
 *
 * @throws MigrationError inside a transaction, when the build fails (nothing invalid is left), or when the name
 * belongs to another table or to a constraint.
 */
export async function ensureIndex(runner: QueryRunner, definition: IndexDefinition): Promise<void> {
  refuseTransaction(runner);
  const { schema, name } = definition;
  for (const extension of definition.requires ?? []) await ensureExtension(runner, extension);
  await dropLeftovers(runner, definition);

  const [existing] = await readIndexes(runner, { schema, name });
  if (existing === undefined) {
    await runStep(runner, 'build index', name, () => build(runner, definition));
    return;
  }
  refuseForeign(existing, definition);
  if (!existing.valid || !existing.ready) {
    await runStep(runner, 'rebuild index', name, async () => {
      await runConcurrently(runner, renderDropIndex(existing));
      await build(runner, definition);
    });
  } else if (await isSame(runner, definition, existing)) {
    await runStep(runner, 'keep index', name, async () => undefined);
  } else {
    await runStep(runner, 'replace index', name, () => replace(runner, definition));
  }
}

async function build(runner: QueryRunner, definition: IndexDefinition): Promise<void> {
  const { schema, name, table } = definition;
  try {
    await runConcurrently(runner, renderCreateIndex(definition, { concurrently: true }));
  } catch (error) {
    await dropInvalid(runner, definition).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${name} on ${table} was not built: ${reason}`,
      {
        cause: error,
      },
    );
  }
  const [built] = await readIndexes(runner, { schema, name });
  if (built === undefined || !built.valid || !built.ready) {
    await dropInvalid(runner, definition);
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${name} on ${table} was built but is not valid`,
    );
  }
}

async function replace(runner: QueryRunner, definition: IndexDefinition): Promise<void> {
  const { schema, name } = definition;
  const incoming = temporaryName(name, 'new');
  const outgoing = temporaryName(name, 'old');
  await build(runner, { ...definition, name: incoming });
  await runner.startTransaction();
  try {
    await rename(runner, { schema, name }, outgoing);
    await rename(runner, { schema, name: incoming }, name);
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  }
  await runConcurrently(runner, renderDropIndex({ schema, name: outgoing }));
}

/** An index that an interrupted replacement left under a name of ours: built and not swapped in, or swapped out. */
async function dropLeftovers(runner: QueryRunner, { schema, name }: IndexDefinition): Promise<void> {
  for (const role of ['new', 'old'] as const) {
    const [leftover] = await readIndexes(runner, { schema, name: temporaryName(name, role) });
    if (leftover !== undefined) {
      await runStep(runner, 'drop index', leftover.name, () =>
        runConcurrently(runner, renderDropIndex(leftover)),
      );
    }
  }
}

async function dropInvalid(runner: QueryRunner, { schema, name }: IndexDefinition): Promise<void> {
  const [remains] = await readIndexes(runner, { schema, name });
  if (remains !== undefined && !(remains.valid && remains.ready)) {
    await runConcurrently(runner, renderDropIndex(remains));
  }
}

async function isSame(
  runner: QueryRunner,
  definition: IndexDefinition,
  existing: CatalogIndex,
): Promise<boolean> {
  const [canonical] = await canonicalise(runner, [definition]);
  if (canonical === undefined || 'refusal' in canonical) {
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${definition.name} cannot be built on ${definition.table}: ${canonical?.refusal.message}`,
      { cause: canonical?.refusal },
    );
  }
  return compareIndexes(canonical.index, existing).length === 0;
}

async function rename(
  runner: QueryRunner,
  from: Pick<IndexDefinition, 'schema' | 'name'>,
  to: string,
): Promise<void> {
  await runner.query(
    `ALTER INDEX ${quoteQualified(from.schema, from.name)} RENAME TO ${quoteIdentifier(to)}`,
  );
}

function refuseForeign(existing: CatalogIndex, { name, table }: IndexDefinition): void {
  if (existing.table !== table) {
    throw new MigrationError(
      'HOLDFAST_INDEX_NAME_TAKEN',
      `index ${name} exists on table ${existing.table}, not on ${table}; rename one of them`,
    );
  }
  if (existing.constraint !== null) {
    throw new MigrationError(
      'HOLDFAST_INDEX_OF_CONSTRAINT',
      `index ${name} belongs to constraint ${existing.constraint} of ${table}; give the index another name`,
    );
  }
}
