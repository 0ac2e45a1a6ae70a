import { requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { QueryRunner } from 'typeorm';
import { inTransaction } from '../migration/in-transaction';
import { MigrationError } from '../migration/migration-error';
import { runStep } from '../migration/steps';
import { temporaryName } from '../migration/temporary-name';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../specification/identifier';
import { outsideTransaction } from './on-table';
import { type CatalogEnum, type EnumUse, readEnum, requireEnum } from './read-enum';
import type { EnumValueDefinition } from './recipe-definitions';

export interface DropEnumValueOptions {
  /** Bytes of all tables with a column of the type, which are rewritten. Default 16 MiB: well below a second. */
  readonly maxRewriteBytes?: number;
}

const DEFAULTS = Object.freeze({ maxRewriteBytes: 16 * 1024 * 1024 });

/**
 * Afterwards the enum type has no such value. PostgreSQL can add one and never drop one, so a new type takes the place
 * of the old, and every table with a column of it is rewritten while its readers and writers wait: only small tables
 * are. A value that no row has does no harm, and a revert may as well leave it.
 *
 * @throws MigrationError HOLDFAST_REWRITE_TOO_LARGE above `maxRewriteBytes`; HOLDFAST_CONSTRAINT_VIOLATED while a row has the
 * value; inside a transaction; when there is no such type. InvalidOptionError.
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
    const name = `${found.name}.${definition.value}`;
    await runStep(runner, 'drop enum value', name, () =>
      inTransaction(runner, () => rebuildType(runner, found, definition.value)),
    );
  });
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

async function rebuildType(runner: QueryRunner, found: CatalogEnum, value: string): Promise<void> {
  const { schema, name, values, uses } = found;
  const type = quoteQualified(schema, name);
  const outgoing = temporaryName(name, 'old');
  for (const use of uses) await lockAndRefuseUsed(runner, use, found, value);
  await runner.query(`ALTER TYPE ${type} RENAME TO ${quoteIdentifier(outgoing)}`);
  const labels = values.filter((label) => label !== value).map(quoteLiteral);
  await runner.query(`CREATE TYPE ${type} AS ENUM (${labels.join(', ')})`);
  for (const use of uses) {
    const column = quoteIdentifier(use.column);
    const target = use.isArray ? `${type}[]` : type;
    const text = use.isArray ? 'text[]' : 'text';
    const actions = [
      use.default !== null && `ALTER COLUMN ${column} DROP DEFAULT`,
      `ALTER COLUMN ${column} TYPE ${target} USING ${column}::${text}::${target}`,
    ].filter((action) => typeof action === 'string');
    await runner.query(`ALTER TABLE ${quoteQualified(use.schema, use.table)} ${actions.join(', ')}`);
    // Read before the type had another name; the text names the type that has taken its place.
    if (use.default !== null) {
      await runner.query(
        `ALTER TABLE ${quoteQualified(use.schema, use.table)} ALTER COLUMN ${column} SET DEFAULT ${use.default}`,
      );
    }
  }
  await runner.query(`DROP TYPE ${quoteQualified(schema, outgoing)}`);
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
  const rows: unknown[] = await runner.query(
    `select 1 from ${table} where ${use.isArray ? `${is} = any (${column})` : `${column} = ${is}`} limit 1`,
  );
  if (rows.length === 0) return;
  throw new MigrationError(
    'HOLDFAST_CONSTRAINT_VIOLATED',
    `value ${quoteLiteral(value)} of ${schema}.${name} cannot be dropped: rows of ${use.schema}.${use.table} have it in ` +
      `column ${use.column}; give them another value first`,
  );
}
