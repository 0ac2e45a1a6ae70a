import type { QueryRunner } from 'typeorm';
import type { TableTarget } from '../recipes/recipe-definitions';
import { quoteQualified } from '../specification/identifier';
import { reasonOf } from '../text/reason-of';

/** What the server does to a table for an ALTER TABLE. */
export type Probe = ProbeResult | { readonly refusal: string };

interface ProbeResult {
  /** It writes the table or an index of it anew. */
  readonly rewrites: boolean;
  /** It makes a check constraint of it anew, for which it reads every row. */
  readonly scans: boolean;
}

interface Storage {
  readonly files: string | null;
  readonly checks: string | null;
}

/**
 * Asks the server whether it would rewrite the table, rebuild an index of it, or read it for a check, by letting it do so to
 * an empty clone in a transaction that is rolled back: whether it does depends on types, casts, volatility and domains,
 * but on no row.
 *
 * @param prepare statements that the action needs before it, such as CREATE TYPE.
 * @param action what follows `ALTER TABLE name`.
 */
export async function probeTable(
  runner: QueryRunner,
  table: TableTarget,
  prepare: readonly string[],
  action: string,
): Promise<Probe> {
  return onProbe(runner, table, 'all', async () => {
    const before = await readStorage(runner);
    await runner.query('savepoint holdfast_probe');
    try {
      for (const statement of prepare) await runner.query(statement);
      await runner.query(renderProbe(action));
    } catch (error) {
      await runner.query('rollback to savepoint holdfast_probe');
      return { refusal: reasonOf(error) };
    }
    const after = await readStorage(runner);
    return { rewrites: before.files !== after.files, scans: before.checks !== after.checks };
  });
}

/**
 * Whether the server takes a column's default and this one for the same: it keeps neither as it was written, so that texts
 * tell nothing.
 *
 * @param wanted what follows SET DEFAULT.
 */
export async function isSameDefault(
  runner: QueryRunner,
  table: TableTarget,
  column: string,
  wanted: string,
): Promise<boolean> {
  const action = `ALTER COLUMN ${quoteQualified(undefined, column)} SET DEFAULT ${wanted}`;
  return onProbe(runner, table, 'defaults', async () => {
    const before = await readDefault(runner, column);
    await runner.query('savepoint holdfast_probe');
    try {
      await runner.query(renderProbe(action));
    } catch {
      // It may be of a type, or call a function, that is still to come.
      await runner.query('rollback to savepoint holdfast_probe');
      return false;
    }
    return before === (await readDefault(runner, column));
  });
}

/** The action on the clone. */
export function renderProbe(action: string): string {
  return `alter table pg_temp.holdfast_probe ${action}`;
}

/** Makes the clone with so much of the table, and rolls everything back after the work. */
async function onProbe<T>(
  runner: QueryRunner,
  table: TableTarget,
  including: 'all' | 'defaults',
  work: () => Promise<T>,
): Promise<T> {
  await runner.startTransaction();
  try {
    await runner.query(
      `create temporary table holdfast_probe (like ${quoteQualified(table.schema, table.table)} including ${including}) on commit drop`,
    );
    return await work();
  } finally {
    await runner.rollbackTransaction();
  }
}

/** A rewrite gives the clone and its indexes new files, while an index that is kept may have another oid. */
async function readStorage(runner: QueryRunner): Promise<Storage> {
  const [row]: Storage[] = await runner.query(
    `select
       (select string_agg(pg_relation_filenode(c.oid)::text, ',' order by pg_relation_filenode(c.oid))
        from pg_class c
        where c.oid = 'pg_temp.holdfast_probe'::regclass
          or c.oid in (select indexrelid from pg_index where indrelid = 'pg_temp.holdfast_probe'::regclass)) as files,
       (select string_agg(c.oid::text, ',' order by c.oid)
        from pg_constraint c
        where c.conrelid = 'pg_temp.holdfast_probe'::regclass and c.contype = 'c') as checks`,
  );
  return row ?? { files: null, checks: null };
}

async function readDefault(runner: QueryRunner, column: string): Promise<string | undefined> {
  const rows: { text: string }[] = await runner.query(
    `select pg_get_expr(d.adbin, d.adrelid) as text
     from pg_attrdef d
     join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
     where d.adrelid = 'pg_temp.holdfast_probe'::regclass and a.attname = $1`,
    [column],
  );
  return rows[0]?.text;
}
