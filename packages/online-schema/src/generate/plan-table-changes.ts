import type { DataSource, QueryRunner, Table } from 'typeorm';
import { RdbmsSchemaBuilder } from 'typeorm/schema-builder/RdbmsSchemaBuilder.js';
import type { TableTarget } from '../recipes/recipe-definitions';
import { completeOperations } from './complete-operations';
import { OperationRecorder } from './operation-recorder';
import { leaveDatabaseOpen } from './schema-runner';
import type { TableOperation } from './table-operation';

/** A column as the database has it now. */
export interface ColumnName {
  /** With the schema in front where the entity names one. */
  readonly table: string;
  readonly column: string;
}

/** A column that will have another name. */
export interface RenamedColumn extends TableTarget {
  readonly from: string;
  readonly to: string;
}

/** What must be done to tables, columns, types and constraints so that they are as the entities declare them. */
export interface TableChanges {
  /** In the order in which they must be made. */
  readonly operations: readonly TableOperation[];
  /** Columns that will be gone, with what is in them. */
  readonly dropped: readonly ColumnName[];
  /** Columns that will have another name. */
  readonly renamed: readonly RenamedColumn[];
}

/**
 * What TypeORM's schema builder would do to the tables, without a single index: the builder neither sees the
 * indexes of the database nor those of the entities, since it compares columns as a set and drops what it
 * half understands. A column whose type changes is changed in place, where TypeORM would drop it and add it empty.
 */
export async function planTableChanges(dataSource: DataSource): Promise<TableChanges> {
  const recorder = new OperationRecorder(dataSource);
  await new RdbmsSchemaBuilder(listeningTo(dataSource, recorder)).log();
  const operations = await completeOperations(dataSource, recorder.operations);
  return {
    operations,
    dropped: droppedColumnsOf(operations),
    renamed: operations.flatMap((operation) =>
      operation.kind === 'rename-column'
        ? [{ ...operation.table, from: operation.column, to: operation.to }]
        : [],
    ),
  };
}

/** The columns that operations drop. */
export function droppedColumnsOf(operations: readonly TableOperation[]): ColumnName[] {
  return operations.flatMap((operation) => {
    if (operation.kind !== 'drop-column') return [];
    const { schema, table } = operation.table;
    return [{ table: schema === undefined ? table : `${schema}.${table}`, column: operation.column }];
  });
}

/** The same DataSource, whose query runners read tables without their indexes, and whose calls are written down. */
function listeningTo(dataSource: DataSource, recorder: OperationRecorder): DataSource {
  return Object.create(dataSource, {
    createQueryRunner: {
      value: (...args: Parameters<DataSource['createQueryRunner']>): QueryRunner => {
        const runner = dataSource.createQueryRunner(...args);
        const { getTables, createTable } = runner;
        runner.getTables = async (paths) => {
          const tables: Table[] = await getTables.call(runner, paths);
          for (const table of tables) table.indices = [];
          recorder.compareEnums(tables);
          return tables;
        };
        runner.createTable = (table, ifNotExist, createForeignKeys) =>
          createTable.call(runner, table, ifNotExist, createForeignKeys, false);
        runner.createIndices = async () => undefined;
        runner.dropIndices = async () => undefined;
        leaveDatabaseOpen(runner);
        recorder.listen(runner);
        return runner;
      },
    },
  });
}
