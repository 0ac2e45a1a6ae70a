import type { Table } from 'typeorm';
import { quoteIdentifier, quoteLiteral } from '../specification/identifier';
import type { Captured, SchemaRunner } from './schema-runner';
import type { Statement } from './table-operation';

/**
 * With a sequence that is made for a column of a table that exists, the number after the highest one comes next. TypeORM
 * would have it begin at 1, and the first insert collide with a row.
 */
export function keepCounting(
  runner: SchemaRunner,
  table: Table,
  column: string,
  { up, down }: Captured,
): Captured {
  const name = quoteIdentifier(column);
  const path = runner.escapePath(table);
  const goOn: Statement = {
    query: `SELECT setval(pg_get_serial_sequence(${quoteLiteral(path)}, ${quoteLiteral(column)}), greatest(max(${name}), 0) + 1, false) FROM ${path}`,
    parameters: [],
  };
  const complete = (statements: readonly Statement[]) =>
    statements.some(({ query }) => query.startsWith('CREATE SEQUENCE')) ? [...statements, goOn] : statements;
  return { up: complete(up), down: complete(down) };
}
