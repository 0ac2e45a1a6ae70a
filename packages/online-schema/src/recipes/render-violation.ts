import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CheckDefinition, ColumnTarget, ForeignKeyDefinition } from './recipe-definitions';

/** What to say of rows that are in a constraint's way; never a value of theirs. */
export interface Violation {
  /** The constraint, its table and columns, and what is wrong with the rows. */
  readonly finding: string;
  /** What to do before it is run again. */
  readonly mend: string;
  /** The query that lists the rows. */
  readonly query: string;
}

const MEND = 'mend the rows and run again';

/** @param declared whose schema the call names only if the migration does. */
export function describeNulls({ schema, table, column }: ColumnTarget, declared: ColumnTarget): Violation {
  const isNull = `${quoteIdentifier(column)} IS NULL`;
  const target = [...(declared.schema === undefined ? [] : [['schema', declared.schema]]), ['table', table]];
  const call = [...target, ['set', `${quoteIdentifier(column)} = <value>`], ['where', isNull]]
    .map(([option, text]) => `${option}: ${quoteScript(text ?? '')}`)
    .join(', ');
  return {
    finding: `column ${column} of ${nameOf(schema, table)} cannot be NOT NULL: there are rows with NULL in it`,
    mend: `put await backfill(queryRunner, { ${call} }) before it and run again`,
    query: `SELECT * FROM ${quoteQualified(schema, table)} WHERE ${isNull}`,
  };
}

export function describeOrphans({
  schema,
  table,
  name,
  columns,
  references,
}: ForeignKeyDefinition): Violation {
  const target = `${nameOf(references.schema, references.table)} (${references.columns.join(', ')})`;
  const filled = columns.map((column) => `child.${quoteIdentifier(column)} IS NOT NULL`);
  const pairs = columns.map(
    (column, at) =>
      `parent.${quoteIdentifier(references.columns[at] ?? '')} = child.${quoteIdentifier(column)}`,
  );
  return {
    finding:
      `foreign key ${name} of ${nameOf(schema, table)} (${columns.join(', ')}): there are rows that refer to none ` +
      `of ${target}`,
    mend: MEND,
    query:
      `SELECT child.* FROM ${quoteQualified(schema, table)} AS child WHERE ${filled.join(' AND ')} AND NOT EXISTS ` +
      `(SELECT FROM ${quoteQualified(references.schema, references.table)} AS parent WHERE ${pairs.join(' AND ')})`,
  };
}

/** @param columns that the expression reads, as the catalog has them. */
export function describeFailures(
  { schema, table, name, expression }: CheckDefinition,
  columns: readonly string[],
): Violation {
  const read = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
  return {
    finding: `check ${name} of ${nameOf(schema, table)}${read}: there are rows that fail it`,
    mend: MEND,
    query: `SELECT * FROM ${quoteQualified(schema, table)} WHERE NOT (${expression})`,
  };
}

function nameOf(schema: string | undefined, name: string): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** As a string of the migration's source. */
function quoteScript(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
