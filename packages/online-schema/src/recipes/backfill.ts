import { requireNumber } from '@holdfast/resilience';
import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { inTransaction } from '../migration/in-transaction';
import { MigrationError } from '../migration/migration-error';
import { runOf, signalOf } from '../migration/run-context';
import { runStep, tellProgress } from '../migration/steps';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { onTable } from './on-table';
import type { BackfillDefinition } from './recipe-definitions';

/** A column of the primary key, with its type as a cast takes it. */
interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

const DEFAULTS = Object.freeze({ batchRows: 1_000 });

/**
 * Afterwards every row that was there at the start, and that `where` admits, is updated. The table is walked by its
 * primary key, `batchRows` rows in a transaction, so that a writer waits for the rows of one batch at most and vacuum
 * is not held up. A batch that meets a locked row gives up within the lock timeout, with what it has locked, and is
 * tried again. What is done stays done: after a failure, a `where` that excludes the rows done makes it go on there.
 *
 * @throws MigrationError inside a transaction, and for a table without a primary key. InvalidOptionError.
 */
export async function backfill(runner: QueryRunner, definition: BackfillDefinition): Promise<void> {
  const { batchRows = DEFAULTS.batchRows } = definition;
  requireNumber('batchRows', batchRows, { min: 1, max: 1_000_000, integer: true });
  await onTable(runner, definition, async (table) => {
    const { recorder } = runOf(runner);
    if (recorder !== undefined) {
      recorder.record(renderUpdate(table, definition, []));
      recorder.note(`${table.schema}.${table.name}: is updated in batches of ${batchRows} rows`);
      return;
    }
    const key = await readPrimaryKey(runner, table);
    const total = await estimateRows(runner, table);
    await runStep(runner, 'backfill', table.name, async () => {
      let after: string[] | undefined;
      for (let batch = 1; ; batch++) {
        signalOf(runner)?.throwIfAborted();
        after = await runBatch(runner, table, key, { ...definition, batchRows }, after);
        if (after === undefined) return;
        tellProgress(runner, table.name, {
          phase: 'updating rows',
          done: batch * batchRows,
          total: Math.max(total, batch * batchRows),
          unit: 'rows',
          remainingMs: undefined,
        });
      }
    });
  });
}

/** Updates the rows after the key `after`; the key of the last row walked, or undefined at the end of the table. */
async function runBatch(
  runner: QueryRunner,
  table: CatalogTable,
  key: readonly KeyColumn[],
  { set, where, batchRows }: BackfillDefinition & { readonly batchRows: number },
  after: readonly string[] | undefined,
): Promise<string[] | undefined> {
  const name = quoteQualified(table.schema, table.name);
  const columns = key.map((column) => quoteIdentifier(column.name)).join(', ');
  // As text: a driver would cut the microseconds of a timestamp.
  const texts = key.map((column) => `${quoteIdentifier(column.name)}::text`).join(', ');
  const lower = after === undefined ? 'true' : `(${columns}) > (${placeholders(key, 0)})`;
  const batch: { key: string[] }[] = await runner.query(
    `select array[${texts}] as key from ${name} where ${lower} order by ${columns} limit ${batchRows}`,
    [...(after ?? [])],
  );
  const last = batch.at(-1)?.key;
  if (last === undefined) return undefined;
  const upper = `(${columns}) <= (${placeholders(key, after?.length ?? 0)})`;
  await inTransaction(runner, () =>
    runner.query(renderUpdate(table, { set, where }, [lower, upper]), [...(after ?? []), ...last]),
  );
  return batch.length < batchRows ? undefined : last;
}

function renderUpdate(
  { schema, name }: CatalogTable,
  { set, where }: Pick<BackfillDefinition, 'set' | 'where'>,
  bounds: readonly string[],
): string {
  const conditions = [...bounds, ...(where === undefined ? [] : [`(${where})`])];
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `UPDATE ${quoteQualified(schema, name)} SET ${set}${filter}`;
}

function placeholders(key: readonly KeyColumn[], offset: number): string {
  return key.map(({ type }, at) => `$${offset + at + 1}::text::${type}`).join(', ');
}

/** As the planner would: rows of the last ANALYZE, scaled to the size of now; 0 where nobody has analysed it. */
async function estimateRows(runner: QueryRunner, { oid }: CatalogTable): Promise<number> {
  const [row]: { rows: number }[] = await runner.query(
    `select case when reltuples > 0 and relpages > 0
       then reltuples::float8 / relpages * pg_relation_size(oid) / current_setting('block_size')::int else 0 end as rows
     from pg_class where oid = $1`,
    [oid],
  );
  return Math.round(row?.rows ?? 0);
}

async function readPrimaryKey(
  runner: QueryRunner,
  { oid, schema, name }: CatalogTable,
): Promise<readonly KeyColumn[]> {
  const key: KeyColumn[] = await runner.query(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_index x
     cross join unnest(x.indkey::smallint[]) with ordinality as k(attnum, n)
     join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
     where x.indrelid = $1 and x.indisprimary
     order by k.n`,
    [oid],
  );
  if (key.length > 0) return key;
  throw new MigrationError(
    'HOLDFAST_PRIMARY_KEY_MISSING',
    `${schema}.${name} has no primary key, along which its rows could be updated in batches`,
  );
}
