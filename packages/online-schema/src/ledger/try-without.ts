import type { QueryRunner } from 'typeorm';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { LedgerError } from './ledger-error';

/**
 * Runs the work as if the indexes were not there, in a transaction that is rolled back: what it writes goes with it. Until
 * then the tables of the indexes are locked against everybody else, and whatever the work has written stays in their files
 * as dead rows: so this is for a copy, never for a database that anybody uses.
 *
 * With an index of a constraint its constraint goes, and the foreign keys that rest on it.
 *
 * @param names of indexes, with their schema where that is not on the search path. None: nothing is dropped.
 * @throws LedgerError when there is no such index; whatever the work throws.
 */
export async function tryWithout<T>(
  runner: QueryRunner,
  names: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  await runner.startTransaction();
  try {
    for (const name of names) await runner.query(await renderRemoval(runner, name));
    return await work();
  } finally {
    // A connection that is gone has rolled back by itself.
    await runner.rollbackTransaction().catch(() => undefined);
  }
}

interface Owner {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly constraint: string | null;
}

async function renderRemoval(runner: QueryRunner, asked: string): Promise<string> {
  const [index]: Owner[] = await runner.query(READ_OWNER, [asked]);
  if (index === undefined) throw new LedgerError('HOLDFAST_INDEX_UNKNOWN', asked);
  const { schema, table, name, constraint } = index;
  return constraint === null
    ? `drop index ${quoteQualified(schema, name)}`
    : `alter table ${quoteQualified(schema, table)} drop constraint ${quoteIdentifier(constraint)} cascade`;
}

const READ_OWNER = `
  select space.nspname as schema, source.relname as "table", class.relname as name, owner.conname as constraint
  from pg_class class
  join pg_namespace space on space.oid = class.relnamespace
  join pg_index index on index.indexrelid = class.oid
  join pg_class source on source.oid = index.indrelid
  left join pg_constraint owner on owner.conindid = class.oid and owner.contype in ('p', 'u', 'x')
  where (class.relname = $1 and pg_table_is_visible(class.oid)) or space.nspname || '.' || class.relname = $1
  order by class.relname = $1 desc
  limit 1`;
