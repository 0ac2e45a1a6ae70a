import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import type { CheckDefinition, TableTarget } from './recipe-definitions';

/**
 * The expression as the server spells it.
 *
 * @throws whatever the server has against it.
 */
export async function canonicaliseCheck(runner: QueryRunner, definition: CheckDefinition): Promise<string> {
  const [spelt] = await canonicaliseChecks(runner, definition, [definition.expression]);
  if (spelt instanceof Error) throw spelt;
  return spelt ?? '';
}

/**
 * Expressions of checks of one table as the server spells them, or what it has against them; from an empty clone that
 * nobody else sees, in a transaction that is rolled back.
 */
export async function canonicaliseChecks(
  runner: QueryRunner,
  { schema, table }: TableTarget,
  expressions: readonly string[],
): Promise<(string | Error)[]> {
  await runner.startTransaction();
  try {
    await runner.query(
      `create temporary table holdfast_clone (like ${quoteQualified(schema, table)}) on commit drop`,
    );
    const spelt: (string | Error)[] = [];
    for (const expression of expressions) spelt.push(await tryCheck(runner, expression));
    return spelt;
  } finally {
    await runner.rollbackTransaction();
  }
}

async function tryCheck(runner: QueryRunner, expression: string): Promise<string | Error> {
  await runner.query('savepoint holdfast_clone');
  try {
    await runner.query(
      `alter table pg_temp.holdfast_clone add constraint holdfast_clone_check check (${expression})`,
    );
    const [row]: { expression: string }[] = await runner.query(
      `select pg_get_expr(conbin, conrelid) as expression from pg_constraint
       where conrelid = 'pg_temp.holdfast_clone'::regclass and conname = 'holdfast_clone_check'`,
    );
    return row?.expression ?? '';
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await runner.query('rollback to savepoint holdfast_clone');
  }
}
