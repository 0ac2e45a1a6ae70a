import { runStatement, type StatementRun } from '@holdfast/online-schema';
import type { QueryRunner } from 'typeorm';

/** The tables in the order in which their rows may be written, and what tells the order of their rows. */
const ORDER = Object.freeze({
  organizations: 'id',
  users: 'id',
  user_organizations: 'id',
  events: 'global_position',
  api_keys: 'id',
});

export type Table = keyof typeof ORDER;

export const TABLES = Object.keys(ORDER) as readonly Table[];

/** Rows of a table by their places in the order in which they are written, from 1. */
interface Stretch {
  readonly from: number;
  /** Not itself. */
  readonly to: number;
}

/**
 * Takes all rows out of the tables and puts them by, numbered, so that they can be written again one stretch after the
 * other. UUIDs are of version 7, and so in the order of time.
 */
export async function stageRows(runner: QueryRunner): Promise<void> {
  await runner.query('create schema staged');
  for (const table of TABLES) {
    await runner.query(
      `create table staged.${table} as
       select row_number() over (order by ${ORDER[table]}) as place, ${table}.* from ${table}`,
    );
    await runner.query(`create unique index on staged.${table} (place)`);
    await runner.query(`analyze staged.${table}`);
  }
  await runner.query(`truncate ${TABLES.join(', ')}`);
}

/** How many rows are put by for the table. */
export async function countStaged(runner: QueryRunner, table: Table): Promise<number> {
  const [counted]: { rows: number }[] = await runner.query(
    `select coalesce(max(place), 0)::integer as rows from staged.${table}`,
  );
  return counted?.rows ?? 0;
}

/** The rows of a stretch are in memory: fetching them from the disk is no part of writing them. */
export async function readStretch(runner: QueryRunner, table: Table, { from, to }: Stretch): Promise<void> {
  // Whole rows, since an index alone could tell how many there are.
  await runner.query(
    `select count(staged::text) from staged.${table} as staged where place >= ${from} and place < ${to}`,
  );
}

/**
 * Writes a stretch of the rows in one statement, and tells what that took. Foreign keys are not checked where the session
 * says so, which belongs to neither set of indexes.
 */
export async function writeStretch(
  runner: QueryRunner,
  table: Table,
  { from, to }: Stretch,
): Promise<StatementRun> {
  const columns = await listColumns(runner, table);
  return runStatement(
    runner,
    `insert into ${table} (${columns})
     select ${columns} from staged.${table} where place >= ${from} and place < ${to} order by place`,
  );
}

/** Stretches of so many places at most, that cover the one given. */
export function divide({ from, to }: Stretch, size: number): readonly Stretch[] {
  const count = Math.max(0, Math.ceil((to - from) / size));
  return Array.from({ length: count }, (_, at) => ({
    from: from + at * size,
    to: Math.min(to, from + (at + 1) * size),
  }));
}

async function listColumns(runner: QueryRunner, table: Table): Promise<string> {
  const [row]: { columns: string }[] = await runner.query(
    `select string_agg(quote_ident(attname), ', ' order by attnum) as columns
     from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  );
  return row?.columns ?? '';
}
