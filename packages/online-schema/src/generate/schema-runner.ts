import type { QueryRunner, Table, TableColumn, TableIndex, View } from 'typeorm';
import type { Statement } from './table-operation';

/** What PostgreSQL's query runner has besides its interface, and its subclasses may use. */
export interface SchemaRunner extends QueryRunner {
  buildCreateColumnSql(table: Table, column: TableColumn): string;
  escapePath(table: Table): string;
  createViewIndex(view: View | string, index: TableIndex): Promise<void>;
  dropViewIndex(view: View | string, index: TableIndex | string): Promise<void>;
  getUserDefinedTypeName(table: Table, column: TableColumn): Promise<{ schema: string; name: string }>;
}

/** What TypeORM keeps of a view or computed column in its own table. */
interface MetadataEntry {
  readonly database?: string | (() => string);
}

interface MetadataRunner {
  insertTypeormMetadataSql(entry: MetadataEntry): unknown;
  deleteTypeormMetadataSql(entry: MetadataEntry): { query: string };
}

/** Lets the entries that TypeORM makes for computed columns be those of whatever database the migration runs in. */
export function leaveDatabaseOpen(runner: QueryRunner): void {
  const own = runner as unknown as MetadataRunner;
  const { insertTypeormMetadataSql: insert, deleteTypeormMetadataSql: remove } = own;
  own.insertTypeormMetadataSql = ({ database, ...entry }) =>
    insert.call(runner, {
      ...entry,
      ...(database !== undefined && { database: () => 'current_database()' }),
    });
  own.deleteTypeormMetadataSql = ({ database, ...entry }) => {
    const statement = remove.call(runner, entry);
    if (database !== undefined) statement.query += ' AND "database" = current_database()';
    return statement;
  };
}

/** Statements of a call in the order in which each direction runs. */
export interface Captured {
  readonly up: readonly Statement[];
  readonly down: readonly Statement[];
}

/** What a call on a runner in memory mode writes down, taken from what it has written down before. */
export async function capture(runner: QueryRunner, call: () => Promise<unknown>): Promise<Captured> {
  const memory = runner.getMemorySql();
  const [ups, downs] = [memory.upQueries.length, memory.downQueries.length];
  await call();
  return {
    up: memory.upQueries.slice(ups).map(toStatement),
    down: memory.downQueries.slice(downs).map(toStatement).reverse(),
  };
}

/** One after the other up, and back in the opposite order. */
export function joinCaptured(parts: readonly Captured[]): Captured {
  return {
    up: parts.flatMap(({ up }) => up),
    down: parts.toReversed().flatMap(({ down }) => down),
  };
}

function toStatement({
  query,
  parameters,
}: {
  query: string;
  parameters?: unknown[] | undefined;
}): Statement {
  return { query, parameters: parameters ?? [] };
}
