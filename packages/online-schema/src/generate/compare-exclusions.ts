import type { EntityMetadata, QueryRunner } from 'typeorm';
import { cloneTable } from '../catalog/clone-table';
import type { TableTarget } from '../recipes/recipe-definitions';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { tableOf } from './name-tables';
import type { OperationDetail, TableOperation } from './table-operation';

type Replacement = Extract<OperationDetail, { kind: 'add-exclusion' }> & Pick<TableOperation, 'up' | 'down'>;

/**
 * Replacements of exclusion constraints of the table that have the declared name and exclude something else, as the
 * server spells both: TypeORM knows them by name alone.
 */
export async function compareExclusions(
  runner: QueryRunner,
  metadata: EntityMetadata,
  table: { readonly oid: number },
): Promise<Replacement[]> {
  if (metadata.exclusions.length === 0) return [];
  const target = tableOf(metadata);
  const actual: { name: string; definition: string }[] = await runner.query(
    `select conname as name, pg_get_constraintdef(oid) as definition
     from pg_constraint
     where conrelid = $1 and contype = 'x'`,
    [table.oid],
  );
  const declared = metadata.exclusions.map(({ name, expression, deferrable }) => ({
    name,
    definition: `EXCLUDE ${expression}${deferrable === undefined ? '' : ` DEFERRABLE ${deferrable}`}`,
    previous: actual.find((one) => one.name === name)?.definition,
  }));
  const existing = declared.filter(({ previous }) => previous !== undefined);
  const spelt = await canonicalise(
    runner,
    target,
    existing.map(({ definition }) => definition),
  );
  return existing.flatMap(({ name, definition, previous = '' }, at) => {
    // One that the server refuses now may be about a column that is still to come: another one, then.
    if (spelt[at] === previous) return [];
    return [
      {
        kind: 'add-exclusion',
        name,
        replaces: { actual: previous, declared: spelt[at] ?? definition },
        up: [replace(target, name, definition)],
        down: [replace(target, name, previous)],
      },
    ];
  });
}

/** In one statement, so that no row comes in between that both would have refused. */
function replace({ schema, table }: TableTarget, name: string, definition: string) {
  const constraint = quoteIdentifier(name);
  return {
    query: `ALTER TABLE ${quoteQualified(schema, table)} DROP CONSTRAINT ${constraint}, ADD CONSTRAINT ${constraint} ${definition}`,
    parameters: [],
  };
}

/** Constraints as the server spells them on an empty clone that nobody else sees; undefined for one that it refuses. */
async function canonicalise(
  runner: QueryRunner,
  target: TableTarget,
  definitions: readonly string[],
): Promise<(string | undefined)[]> {
  if (definitions.length === 0) return [];
  await runner.startTransaction();
  try {
    await cloneTable(runner, target);
    const spelt: (string | undefined)[] = [];
    for (const definition of definitions) spelt.push(await tryConstraint(runner, target, definition));
    return spelt;
  } finally {
    await runner.rollbackTransaction();
  }
}

async function tryConstraint(
  runner: QueryRunner,
  { table }: TableTarget,
  definition: string,
): Promise<string | undefined> {
  const clone = quoteQualified('pg_temp', table);
  await runner.query('savepoint holdfast_exclusion');
  try {
    await runner.query(`alter table ${clone} add constraint holdfast_exclusion ${definition}`);
    const [row]: { definition: string }[] = await runner.query(
      `select pg_get_constraintdef(oid) as definition
       from pg_constraint
       where conrelid = $1::regclass and conname = 'holdfast_exclusion'`,
      [clone],
    );
    return row?.definition;
  } catch {
    return undefined;
  } finally {
    await runner.query('rollback to savepoint holdfast_exclusion');
  }
}
