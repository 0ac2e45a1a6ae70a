import { requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { QueryRunner } from 'typeorm';
import { inTransaction } from '../migration/in-transaction';
import { MigrationError } from '../migration/migration-error';
import { runStep } from '../migration/steps';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../specification/identifier';
import { namingSubject } from './naming-subject';
import { outsideTransaction } from './on-table';
import { type CatalogEnum, type EnumUse, readEnum, requireEnum } from './read-enum';
import { readEnumObstacles } from './read-enum-dependents';
import { rebuildEnumType } from './rebuild-enum-type';
import type { EnumValueDefinition } from './recipe-definitions';

export interface DropEnumValueOptions {
  /** Bytes of all tables with a column of the type, which are rewritten. Default 16 MiB: well below a second. */
  readonly maxRewriteBytes?: number;
}

const DEFAULTS = Object.freeze({ maxRewriteBytes: 16 * 1024 * 1024 });

/**
 * Afterwards the enum type has no such value. PostgreSQL can add one and never drop one, so a new type takes the place
 * of the old, and every table with a column of it is rewritten while its readers and writers wait: only small tables
 * are. A value that no row has does no harm, and a revert may as well leave it. Defaults, checks, foreign keys, and
 * indexes with a predicate or an expression are dropped and made again as they were, in the same transaction.
 *
 * @throws MigrationError HOLDFAST_REWRITE_TOO_LARGE above `maxRewriteBytes`; HOLDFAST_TYPE_IN_USE when something else depends on
 * the type (a view, a policy, a rule, a function, a generated column, a partition key), or when what would be made again
 * mentions the value; HOLDFAST_CONSTRAINT_VIOLATED while a row has the value; inside a transaction; when there is no such type. InvalidOptionError.
 */
export async function dropEnumValue(
  runner: QueryRunner,
  definition: Pick<EnumValueDefinition, 'schema' | 'type' | 'value'>,
  options: DropEnumValueOptions = {},
): Promise<void> {
  requireKnownOptions('dropEnumValue', options, Object.keys(DEFAULTS));
  const { maxRewriteBytes } = { ...DEFAULTS, ...options };
  requireNumber('maxRewriteBytes', maxRewriteBytes, { min: 0, integer: true });
  await outsideTransaction(runner, async () => {
    const found = requireEnum(await readEnum(runner, definition), definition);
    if (!found.values.includes(definition.value)) return;
    refuseLarge(found, definition.value, maxRewriteBytes);
    await refuseObstacles(runner, found, definition.value);
    const name = `${found.name}.${definition.value}`;
    const rebuild = async () => {
      for (const use of found.uses) await lockAndRefuseUsed(runner, use, found, definition.value);
      await rebuildEnumType(runner, found, definition.value);
    };
    await runStep(runner, 'drop enum value', name, () =>
      namingSubject(describeEnum(found), () => inTransaction(runner, rebuild)),
    );
  });
}

function describeEnum({ schema, name, uses }: CatalogEnum): string {
  const columns = uses.map(({ schema: of, table, column }) => `${of}.${table} (${column})`);
  return `enum type ${schema}.${name}${columns.length === 0 ? '' : `, in ${columns.join(', ')}`}`;
}

function refuseLarge({ schema, name, uses }: CatalogEnum, value: string, maxRewriteBytes: number): void {
  const bytes = uses.reduce((sum, use) => sum + use.bytes, 0);
  if (bytes <= maxRewriteBytes) return;
  const tables = [...new Set(uses.map((use) => `${use.schema}.${use.table}`))].join(', ');
  throw new MigrationError(
    'HOLDFAST_REWRITE_TOO_LARGE',
    `value ${quoteLiteral(value)} of ${schema}.${name} cannot be dropped without rewriting ${tables} ` +
      `(${bytes} bytes, allowed are ${maxRewriteBytes}) while readers and writers wait; leave it, which does no harm, ` +
      'by removing the call, or allow more with maxRewriteBytes',
  );
}

async function refuseObstacles(runner: QueryRunner, found: CatalogEnum, value: string): Promise<void> {
  const obstacles = await readEnumObstacles(runner, found);
  if (obstacles.length === 0) return;
  throw new MigrationError(
    'HOLDFAST_TYPE_IN_USE',
    `value ${quoteLiteral(value)} of ${found.schema}.${found.name} cannot be dropped: a new type would take its place, and ` +
      `this depends on the old one: ${obstacles.join(', ')}; leave the value, which does no harm, by removing the call, ` +
      'or drop and re-create what depends on the type around it',
  );
}

async function lockAndRefuseUsed(
  runner: QueryRunner,
  use: EnumUse,
  { schema, name }: CatalogEnum,
  value: string,
): Promise<void> {
  const table = quoteQualified(use.schema, use.table);
  await runner.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const column = quoteIdentifier(use.column);
  const is = `${quoteLiteral(value)}::${quoteQualified(schema, name)}`;
  const having = `FROM ${table} WHERE ${use.isArray ? `${is} = ANY (${column})` : `${column} = ${is}`}`;
  const rows: unknown[] = await runner.query(`select 1 ${having} limit 1`);
  if (rows.length === 0) return;
  throw new MigrationError(
    'HOLDFAST_CONSTRAINT_VIOLATED',
    `value ${quoteLiteral(value)} of ${schema}.${name} cannot be dropped: rows of ${use.schema}.${use.table} have it in ` +
      `column ${use.column}; give them another value first; to list them: SELECT * ${having}`,
  );
}
