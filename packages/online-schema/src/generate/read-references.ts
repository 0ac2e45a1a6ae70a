import type { QueryRunner } from 'typeorm';
import type { ConstraintTarget } from '../recipes/recipe-definitions';
import { quoteQualified } from '../specification/identifier';
import type { TableOperation } from './table-operation';

/**
 * Foreign keys that refer to what a unique index, or the one of a constraint, makes unique, so that the server does not
 * drop it; but for those that the operations drop before.
 */
export async function readReferences(
  runner: QueryRunner,
  { schema, table, name }: ConstraintTarget,
  operations: readonly TableOperation[],
): Promise<string[]> {
  const gone = operations.flatMap((operation) =>
    operation.kind === 'drop-foreign-key' ? [operation.previous.name] : [],
  );
  const rows: { description: string }[] = await runner.query(
    `select pg_describe_object('pg_constraint'::regclass, c.oid, 0) as description
     from pg_constraint c
     join pg_class i on i.oid = c.conindid
     where c.contype = 'f' and c.confrelid = to_regclass($1) and i.relname = $2 and not (c.conname = any ($3))
     order by 1`,
    [quoteQualified(schema, table), name, gone],
  );
  return rows.map(({ description }) => description);
}
