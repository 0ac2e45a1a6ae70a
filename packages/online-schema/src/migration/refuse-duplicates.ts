import type { QueryRunner } from 'typeorm';
import { canonicalise } from '../catalog/canonicalise';
import type { CatalogTable } from '../catalog/read-table';
import { sqlStateOf } from '../catalog/sqlstate';
import { quoteQualified } from '../specification/identifier';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { throwIfAborted } from './abortable-wait';
import { MigrationError } from './migration-error';
import { uninterrupted } from './run-context';
import { currentName, tellNotice } from './steps';

/** How long it may take to look; a table for which that is not enough is left to the build, which looks at every row. */
const LOOK_MS = 5_000;

/**
 * Refuses a unique index if rows with equal keys are found in the time there is. A build would find them as well, but
 * after minutes or hours, and leave an invalid index that rejects rows.
 *
 * @throws MigrationError HOLDFAST_INDEX_DUPLICATES, with the query that lists them.
 */
export async function refuseDuplicates(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  const name = currentName(runner) ?? definition.name;
  const [canonical] = await canonicalise(runner, [definition]);
  // A definition that the server refuses fails at the build, with the server's words.
  if (canonical === undefined || 'refusal' in canonical) return;
  const query = renderDuplicates(table, canonical.index);
  // Equality of another operator class may not be that of GROUP BY.
  if (query === undefined) return;
  const found = await isAnyFound(runner, query);
  if (found === undefined) {
    const seconds = LOOK_MS / 1_000;
    tellNotice(
      runner,
      name,
      `whether rows have equal keys could not be told in ${seconds} s; the build will`,
    );
  }
  if (found !== true) return;
  throw new MigrationError(
    'HOLDFAST_INDEX_DUPLICATES',
    `index ${name} on ${table.name} cannot be unique: there are rows with equal keys; to list them: ${query}`,
  );
}

/** Whether the query has a row; undefined if that cannot be told in time. */
async function isAnyFound(runner: QueryRunner, query: string): Promise<boolean | undefined> {
  await runner.startTransaction();
  try {
    await runner.query(`set local statement_timeout = ${LOOK_MS}`);
    await runner.query('set transaction read only');
    const rows: unknown[] = await runner.query(`select 1 from (${query} limit 1) as duplicates`);
    return rows.length > 0;
  } catch (error) {
    if (sqlStateOf(error) !== '57014') throw error;
    // The run's signal ends it in the same way.
    throwIfAborted(runner);
    return undefined;
  } finally {
    await uninterrupted(runner, () => runner.rollbackTransaction()).catch(() => undefined);
  }
}

function renderDuplicates(
  { schema, name }: CatalogTable,
  { parts, where, nullsNotDistinct }: CatalogIndex,
): string | undefined {
  if (parts.some(({ operatorClass }) => operatorClass !== null)) return undefined;
  const keys = parts.map(({ text, collation }) =>
    collation === null ? text : `${text} COLLATE ${collation}`,
  );
  const filters = [
    ...(where === undefined ? [] : [`(${where})`]),
    ...(nullsNotDistinct ? [] : keys.map((key) => `(${key}) IS NOT NULL`)),
  ];
  const filter = filters.length === 0 ? '' : ` WHERE ${filters.join(' AND ')}`;
  return (
    `SELECT ${keys.join(', ')}, count(*) FROM ${quoteQualified(schema, name)}${filter} ` +
    `GROUP BY ${keys.map((_, at) => at + 1).join(', ')} HAVING count(*) > 1`
  );
}
