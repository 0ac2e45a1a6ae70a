import type { QueryRunner } from 'typeorm';
import { sqlStateOf } from '../catalog/sqlstate';
import { MigrationError } from '../migration/migration-error';
import { temporaryName } from '../migration/temporary-name';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../specification/identifier';
import type { CatalogEnum, EnumUse } from './read-enum';
import {
  type DependentConstraint,
  type DependentIndex,
  type EnumDependents,
  readEnumDependents,
} from './read-enum-dependents';

/**
 * Afterwards, in the transaction that is open, a type without the value has the place of the old one. What mentions
 * the old type in an expression goes before that and comes back with the same text, which then means the new one.
 */
export async function rebuildEnumType(runner: QueryRunner, found: CatalogEnum, value: string): Promise<void> {
  const { schema, name } = found;
  const type = quoteQualified(schema, name);
  const outgoing = temporaryName(name, 'old');
  // Before anything changes: their texts must name the type as it will be called again.
  const dependents = await readEnumDependents(runner, found);
  await dropDependents(runner, dependents);
  await runner.query(`ALTER TYPE ${type} RENAME TO ${quoteIdentifier(outgoing)}`);
  await createType(runner, found, value);
  for (const uses of byTable(found.uses)) await changeColumns(runner, type, uses);
  await createDependents(runner, found, value, dependents);
  await runner.query(`DROP TYPE ${quoteQualified(schema, outgoing)}`);
}

async function createType(
  runner: QueryRunner,
  { schema, name, values, comment, grantees, owner }: CatalogEnum,
  value: string,
): Promise<void> {
  const type = quoteQualified(schema, name);
  const labels = values.filter((label) => label !== value).map(quoteLiteral);
  await runner.query(`CREATE TYPE ${type} AS ENUM (${labels.join(', ')})`);
  if (comment !== null) await runner.query(`COMMENT ON TYPE ${type} IS ${quoteLiteral(comment)}`);
  if (grantees !== null) await runner.query(`REVOKE ALL ON TYPE ${type} FROM PUBLIC`);
  for (const grantee of grantees ?? []) await runner.query(`GRANT USAGE ON TYPE ${type} TO ${grantee}`);
  if (owner !== null) await runner.query(`ALTER TYPE ${type} OWNER TO ${quoteIdentifier(owner)}`);
}

/** One statement for each table: it is rewritten once, and what compares two of its columns is never of two types. */
async function changeColumns(runner: QueryRunner, type: string, uses: readonly EnumUse[]): Promise<void> {
  const [first] = uses;
  if (first === undefined) return;
  const actions = uses.map(({ column, isArray }) => {
    const quoted = quoteIdentifier(column);
    const array = isArray ? '[]' : '';
    return `ALTER COLUMN ${quoted} TYPE ${type}${array} USING ${quoted}::text${array}::${type}${array}`;
  });
  await runner.query(`ALTER TABLE ${quoteQualified(first.schema, first.table)} ${actions.join(', ')}`);
}

function byTable(uses: readonly EnumUse[]): EnumUse[][] {
  const tables = new Map<string, EnumUse[]>();
  for (const use of uses) {
    const table = quoteQualified(use.schema, use.table);
    tables.set(table, [...(tables.get(table) ?? []), use]);
  }
  return [...tables.values()];
}

async function dropDependents(
  runner: QueryRunner,
  { constraints, indexes, defaults }: EnumDependents,
): Promise<void> {
  for (const constraint of constraints)
    await runner.query(`${alter(constraint)} DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`);
  for (const { schema, name, whole } of indexes)
    if (whole === null) await runner.query(`DROP INDEX ${quoteQualified(schema, name)}`);
  // Each table's own: partitions and heirs may have others than the table above them.
  for (const { schema, table, column } of defaults)
    await runner.query(
      `ALTER TABLE ONLY ${quoteQualified(schema, table)} ALTER COLUMN ${quoteIdentifier(column)} DROP DEFAULT`,
    );
}

async function createDependents(
  runner: QueryRunner,
  found: CatalogEnum,
  value: string,
  { constraints, indexes, defaults }: EnumDependents,
): Promise<void> {
  const mend = (what: string, statement: string) =>
    refuseMention(found, value, what, () => runner.query(statement));
  for (const { schema, table, column, expression } of defaults)
    await mend(
      `the default of column ${column} of ${schema}.${table}`,
      `ALTER TABLE ONLY ${quoteQualified(schema, table)} ALTER COLUMN ${quoteIdentifier(column)} SET DEFAULT ${expression}`,
    );
  for (const index of indexes) {
    await mend(`index ${index.name} of ${index.schema}.${index.table}`, index.definition);
    for (const statement of renderIndexExtras(index)) await runner.query(statement);
  }
  for (const constraint of constraints) {
    const { schema, table, name, definition } = constraint;
    await mend(
      `constraint ${name} of ${schema}.${table}`,
      `${alter(constraint)} ADD CONSTRAINT ${quoteIdentifier(name)} ${definition}`,
    );
    if (constraint.comment !== null)
      await runner.query(
        `COMMENT ON CONSTRAINT ${quoteIdentifier(name)} ON ${quoteQualified(schema, table)} ` +
          `IS ${quoteLiteral(constraint.comment)}`,
      );
  }
}

function renderIndexExtras(index: DependentIndex): string[] {
  const { schema, name, whole, wholeSchema, clustered, tablespace, comment } = index;
  const quoted = quoteQualified(schema, name);
  return [
    ...(tablespace === null ? [] : [`ALTER INDEX ${quoted} SET TABLESPACE ${quoteIdentifier(tablespace)}`]),
    ...(whole === null
      ? []
      : [`ALTER INDEX ${quoteQualified(wholeSchema ?? schema, whole)} ATTACH PARTITION ${quoted}`]),
    ...(clustered ? [`${alter(index)} CLUSTER ON ${quoteIdentifier(name)}`] : []),
    ...(comment === null ? [] : [`COMMENT ON INDEX ${quoted} IS ${quoteLiteral(comment)}`]),
  ];
}

/** Makes what depends on the type again; its text may have the value that is to go. */
async function refuseMention(
  { schema, name }: CatalogEnum,
  value: string,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    // invalid_text_representation: no such label.
    if (sqlStateOf(error) !== '22P02') throw error;
    throw new MigrationError(
      'HOLDFAST_TYPE_IN_USE',
      `value ${quoteLiteral(value)} of ${schema}.${name} cannot be dropped: ${what} mentions it; change or drop that first`,
      { cause: error },
    );
  }
}

function alter({ schema, table }: Pick<DependentConstraint, 'schema' | 'table'>): string {
  return `ALTER TABLE ${quoteQualified(schema, table)}`;
}
