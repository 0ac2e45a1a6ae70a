import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import type { Statement, TableOperation } from './table-operation';

const CREATE = /^CREATE TYPE (.+?) AS ENUM/;
const DROP = /^DROP TYPE (.+)$/;

/**
 * An enum type that several columns share is made once, by the first of them, and stays as long as another column has it.
 * TypeORM makes and drops a type with every column.
 */
export async function keepSharedEnums(
  runner: QueryRunner,
  operations: readonly TableOperation[],
): Promise<TableOperation[]> {
  const made = new Set<string>();
  const kept: TableOperation[] = [];
  for (const [at, operation] of operations.entries()) {
    const repeated = typesOf(operation.up, CREATE).filter((type) => made.has(type));
    for (const type of typesOf(operation.up, CREATE)) made.add(type);
    const needed: string[] = [];
    for (const type of typesOf(operation.up, DROP)) {
      const isDroppedLater = operations.slice(at + 1).some(({ up }) => typesOf(up, DROP).includes(type));
      if (isDroppedLater || (await isUsed(runner, type, operations))) needed.push(type);
    }
    kept.push(withoutTypes(operation, [...repeated, ...needed]));
  }
  return kept;
}

function typesOf(statements: readonly Statement[], pattern: RegExp): string[] {
  return statements.flatMap(({ query }) => pattern.exec(query)?.[1] ?? []);
}

function withoutTypes(operation: TableOperation, types: readonly string[]): TableOperation {
  if (types.length === 0) return operation;
  const isAboutOther = ({ query }: Statement) => {
    const type = (CREATE.exec(query) ?? DROP.exec(query))?.[1];
    return type === undefined || !types.includes(type);
  };
  return {
    ...operation,
    up: operation.up.filter(isAboutOther),
    down: operation.down.filter(isAboutOther),
  };
}

/** By a column that does not go. */
async function isUsed(
  runner: QueryRunner,
  type: string,
  operations: readonly TableOperation[],
): Promise<boolean> {
  const dropped = operations.flatMap((operation) =>
    operation.kind === 'drop-column'
      ? [{ path: quoteQualified(operation.table.schema, operation.table.table), column: operation.column }]
      : [],
  );
  const rows: unknown[] = await runner.query(
    `select 1
     from pg_type t
     join pg_attribute a on a.atttypid in (t.oid, t.typarray) and a.attnum > 0 and not a.attisdropped
     join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'v', 'm', 'c', 'f')
     where t.oid = to_regtype($1)
       and not exists (
         select 1 from unnest($2::text[], $3::text[]) as gone(path, name)
         where to_regclass(gone.path) = a.attrelid and gone.name = a.attname
       )
     limit 1`,
    [type, dropped.map(({ path }) => path), dropped.map(({ column }) => column)],
  );
  return rows.length > 0;
}
