import type {
  DataSource,
  Table,
  TableCheck,
  TableColumn,
  TableExclusion,
  TableForeignKey,
  TableUnique,
} from 'typeorm';
import { toCheck, toForeignKey, toUnique } from './name-tables';
import type { SchemaRunner } from './schema-runner';
import type { OperationDetail } from './table-operation';

/** What a call is about. */
export interface Described {
  /** A view is told by its name. */
  readonly table: Table | string;
  readonly detail: OperationDetail;
}

type Describe<Subject> = (dataSource: DataSource, table: Table, subject: Subject) => OperationDetail;

const describe =
  <Subject>(detailOf: Describe<Subject>) =>
  (dataSource: DataSource, ...[table, subject]: readonly unknown[]): Described => ({
    table: table as Table,
    detail: detailOf(dataSource, table as Table, subject as Subject),
  });

const describeView = (_: DataSource, ...[view]: readonly unknown[]): Described => {
  const { name = view as string } = view as { name?: string };
  return { table: name, detail: { kind: 'change-view', name } };
};

/** Names of the constraints that are indexes as well, as `CREATE TABLE` will have them. */
function indexedOf({ namingStrategy }: DataSource, table: Table): string[] {
  const { primaryColumns, uniques, exclusions } = table;
  const key =
    primaryColumns[0]?.primaryKeyConstraintName ??
    namingStrategy.primaryKeyName(
      table,
      primaryColumns.map(({ name }) => name),
    );
  const names = [...uniques, ...exclusions].flatMap(({ name }) => name ?? []);
  return [...(primaryColumns.length > 0 ? [key] : []), ...names];
}

/** What the schema builder's calls on its runner say by themselves. It gives tables, columns and constraints, never their names. */
export const CALLS = {
  createTable: describe((dataSource, table) => ({
    kind: 'create-table',
    columns: table.columns.map(({ name, type, isArray }) => ({ name, type: isArray ? `${type}[]` : type })),
    indexed: indexedOf(dataSource, table),
  })),
  renameColumn: (_: DataSource, ...[table, column, to]: readonly unknown[]): Described => ({
    table: table as Table,
    detail: {
      kind: 'rename-column',
      column: (column as TableColumn).name,
      to: typeof to === 'string' ? to : (to as TableColumn).name,
    },
  }),
  updatePrimaryKeys: describe<TableColumn[]>((_, __, columns) => ({
    kind: 'change-primary-key',
    column: columns.map(({ name }) => name).join(', '),
  })),
  changeTableComment: describe(() => ({ kind: 'comment', column: '' })),
  createUniqueConstraint: describe<TableUnique>((dataSource, table, unique) => ({
    kind: 'add-unique',
    definition: toUnique(dataSource, table, unique),
    previous: undefined,
  })),
  dropUniqueConstraint: describe<TableUnique>((dataSource, table, unique) => ({
    kind: 'drop-unique',
    previous: toUnique(dataSource, table, unique),
  })),
  createCheckConstraint: describe<TableCheck>((dataSource, table, check) => ({
    kind: 'add-check',
    definition: toCheck(dataSource, table, check),
    previous: undefined,
  })),
  dropCheckConstraint: describe<TableCheck>((dataSource, table, check) => ({
    kind: 'drop-check',
    previous: toCheck(dataSource, table, check),
    columns: check.columnNames ?? [],
  })),
  createForeignKey: describe<TableForeignKey>((dataSource, table, key) => ({
    kind: 'add-foreign-key',
    definition: toForeignKey(dataSource, table, key),
    previous: undefined,
  })),
  dropForeignKey: describe<TableForeignKey>((dataSource, table, key) => ({
    kind: 'drop-foreign-key',
    previous: toForeignKey(dataSource, table, key),
  })),
  createExclusionConstraint: describe<TableExclusion>((_, __, { name = '' }) => ({
    kind: 'add-exclusion',
    name,
  })),
  dropExclusionConstraint: describe<TableExclusion>((_, __, { name = '' }) => ({
    kind: 'drop-exclusion',
    name,
  })),
  createView: describeView,
  dropView: describeView,
  createViewIndex: describeView,
  dropViewIndex: describeView,
} satisfies Partial<Record<keyof SchemaRunner, (dataSource: DataSource, ...args: unknown[]) => Described>>;
