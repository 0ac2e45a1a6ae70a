import type { QueryRunner, TableColumn } from 'typeorm';
import type { TableTarget } from '../recipes/recipe-definitions';
import { quoteQualified } from '../specification/identifier';
import { reasonOf } from '../text/reason-of';
import type { Captured } from './schema-runner';
import type { SequenceType } from './table-operation';

/** Integer types from narrow to wide: of a column, and of a sequence. */
const WIDTHS = ['smallint', 'integer', 'bigint'] as const;

type Width = (typeof WIDTHS)[number];

/** A sequence that gets another type with the column that owns it. */
export interface SequenceChange {
  readonly sequence: SequenceType;
  readonly statements: Captured;
  /** Why the server refuses it, if it does. */
  readonly refusal: string | undefined;
}

interface SequenceRow {
  readonly schema: string;
  readonly name: string;
  readonly type: Width;
  /** Where the table is. */
  readonly beside: boolean;
  /** The server changes it with the column. */
  readonly identity: boolean;
}

/**
 * The sequences of a serial column that must follow its type: one that would end before the column does, or go on where
 * the column cannot. That of an identity column follows by itself, and one that is wider than a wider column stays.
 */
export async function planSequenceChanges(
  runner: QueryRunner,
  target: TableTarget,
  before: TableColumn,
  after: TableColumn,
): Promise<SequenceChange[]> {
  const [from, to] = [widthOf(before), widthOf(after)];
  if (from === undefined || to === undefined || from === to) return [];
  const widens = WIDTHS.indexOf(to) > WIDTHS.indexOf(from);
  const rows: SequenceRow[] = await runner.query(READ_OWNED, [
    quoteQualified(target.schema, target.table),
    after.name,
  ]);
  const changes: SequenceChange[] = [];
  for (const row of rows) {
    const { schema, name, type, beside, identity } = row;
    const isWider = WIDTHS.indexOf(to) > WIDTHS.indexOf(type);
    if (type === to || isWider !== widens) continue;
    const refusal = await readRefusal(runner, row, to);
    if (identity && refusal === undefined) continue;
    const path = quoteQualified(beside ? target.schema : schema, name);
    const alter = (width: Width) => [{ query: `ALTER SEQUENCE ${path} AS ${width}`, parameters: [] }];
    changes.push({
      sequence: { name: `${schema}.${name}`, from: type, to, widens },
      statements: { up: alter(to), down: alter(type) },
      refusal,
    });
  }
  return changes;
}

function widthOf({ type, isArray }: TableColumn): Width | undefined {
  return isArray ? undefined : WIDTHS.find((width) => width === type);
}

/** Asked of a copy, since the sequence itself would be locked, and with it whoever inserts. */
async function readRefusal(
  runner: QueryRunner,
  { schema, name }: SequenceRow,
  to: Width,
): Promise<string | undefined> {
  const [row]: { make: string; last: string | null }[] = await runner.query(READ_COPY, [schema, name]);
  if (row === undefined) return undefined;
  await runner.startTransaction();
  try {
    await runner.query(row.make);
    if (row.last !== null)
      await runner.query(`select setval('pg_temp.holdfast_probe', $1::bigint)`, [row.last]);
    await runner.query(`alter sequence pg_temp.holdfast_probe as ${to}`);
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    return `sequence ${schema}.${name} has gone too far for ${to} (${reason})`;
  } finally {
    await runner.rollbackTransaction();
  }
}

const READ_OWNED = `
  select n.nspname as schema, c.relname as name, format_type(s.seqtypid, null) as type,
    c.relnamespace = t.relnamespace as beside, d.deptype = 'i' as identity
  from pg_depend d
  join pg_class c on c.oid = d.objid and c.relkind = 'S'
  join pg_namespace n on n.oid = c.relnamespace
  join pg_sequence s on s.seqrelid = c.oid
  join pg_class t on t.oid = d.refobjid
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    and d.refobjid = to_regclass($1) and a.attname = $2
  order by 1, 2`;

// What a role may not read of a sequence is null.
const READ_COPY = `
  select
    format(
      'create temporary sequence holdfast_probe as %s increment %s minvalue %s maxvalue %s start %s',
      data_type, increment_by, min_value, max_value, start_value
    ) as make,
    last_value::text as last
  from pg_sequences
  where schemaname = $1 and sequencename = $2`;
