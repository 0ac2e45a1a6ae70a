import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { readManager } from '../bulk/bulk-target';
import { refuseArgument } from '../bulk/require-arguments';
import type { ManagerSource } from '../bulk/run-statements';
import type { QueryOptions } from '../repository/entity-repository';
import { readRows } from '../repository/read-rows';
import { createRepository } from '../repository/repository';
import { requireStatement } from '../repository/require-statement';
import { isRowSchema, type RowSchema } from './row-schema';
import { schemaRowsOf } from './schema-rows';

/**
 * Resolves with the rows of a statement that was written by hand, each as the schema makes it: of zod, or of another library that follows
 * Standard Schema. What it is given is an object by the names of the columns, with values as node-postgres parses them: a bigint
 * is a text, for example, unless the schema makes something else of it. Make a schema once and not for each call: what is compiled for
 * it is kept with it.
 *
 * Columns that an object of zod does not name, or wants and does not get, are refused without a look at the rows.
 *
 * A row that is refused fails the call, not the statement: what it has written outside of a transaction is written.
 *
 * @param options `fromReplica`: whether a replica may answer it. Default false: it may write.
 * @throws AnswerMismatchError for its columns; RowMismatchError for the first row that the schema refuses; InvalidOptionError, also for a
 * schema that answers later, at the first row; QueryFailedError, without parameters; DataSourceNotOpenError; ForeignDataSourceError.
 */
export function queryAs<Output>(
  source: ManagerSource,
  schema: RowSchema<Output>,
  text: string,
  values?: readonly unknown[],
  options?: QueryOptions,
): Promise<Output[]>;
/** As `query` of the entity's compiled repository. */
export function queryAs<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  text: string,
  values?: readonly unknown[],
  options?: QueryOptions,
): Promise<Entity[]>;
export async function queryAs(
  source: ManagerSource,
  shape: RowSchema<unknown> | EntityTarget<ObjectLiteral>,
  text: string,
  values: readonly unknown[] = [],
  options: QueryOptions = {},
): Promise<unknown[]> {
  const isRead = requireStatement('queryAs', text, values, options);
  const manager = readManager(source);
  if (isRowSchema(shape)) return readRows(manager, { text, values, reader: schemaRowsOf(shape), isRead });
  if (!manager.dataSource.hasMetadata(shape)) {
    throw refuseArgument('shape', shape, 'a schema, or an entity class that the DataSource lists');
  }
  return createRepository(manager, shape).query(text, values, options);
}
