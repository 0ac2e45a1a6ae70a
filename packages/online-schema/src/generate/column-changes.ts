import { type DataSource, type QueryRunner, type Table, TableColumn, TableUnique } from 'typeorm';
import { TableUtils } from 'typeorm/schema-builder/util/TableUtils.js';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { COLUMN_ASPECTS, type ColumnAspect, withAspect } from './column-aspects';
import { keepCounting } from './counting-columns';
import { changeEnum } from './enum-changes';
import { metadataOf, targetOf } from './name-tables';
import { isSameDefault, probeTable } from './probe-table';
import { type Captured, capture, joinCaptured, type SchemaRunner } from './schema-runner';
import type { ChangedColumn, OperationDetail } from './table-operation';
import { planTypeChange } from './type-changes';

/** Writes down one operation on a table. */
type Note = (table: Table, detail: OperationDetail, statements: Captured, changed?: ChangedColumn) => void;

export interface ColumnCall {
  readonly dataSource: DataSource;
  readonly runner: SchemaRunner;
  readonly note: Note;
  /** The methods of the runner as TypeORM has them. */
  readonly original: Pick<QueryRunner, 'addColumn' | 'changeColumn' | 'dropColumn'>;
}

const NOTHING: Captured = { up: [], down: [] };

/**
 * A new column of a table that exists. One whose default the server would compute for every row, rewriting the table,
 * is added without it; the default then counts for new rows, and the old ones are filled in batches.
 */
export async function noteAddColumn(call: ColumnCall, table: Table, column: TableColumn): Promise<void> {
  const { dataSource, runner, note, original } = call;
  const added = { after: column.clone() };
  if (column.isPrimary) note(table, { kind: 'change-primary-key', column: column.name }, NOTHING, added);
  const plain = column.clone();
  plain.isPrimary = false;
  plain.isUnique = false;
  const whole = await capture(runner, () => original.addColumn(table, plain));
  const definition = runner.buildCreateColumnSql(table, plain);
  const at = whole.up.findIndex(({ query }) => query.endsWith(` ADD ${definition}`));
  const prepare = whole.up.slice(0, Math.max(at, 0)).map(({ query }) => query);
  const probe = (sql: string) => probeTable(runner, targetOf(dataSource, table), prepare, `ADD ${sql}`);
  const result = await probe(definition);
  const rewrites = 'rewrites' in result && result.rewrites;

  const bare = plain.clone();
  Object.assign(bare, {
    isNullable: true,
    default: undefined,
    isGenerated: false,
    generationStrategy: undefined,
  });
  const hasDefault = plain.default != null || (plain.isGenerated && plain.generationStrategy === 'uuid');
  const detail = { kind: 'add-column', column: column.name, rewrites } as const;
  if (rewrites && hasDefault && plain.generatedType === undefined) {
    const bareResult = await probe(runner.buildCreateColumnSql(table, bare));
    if ('rewrites' in bareResult && !bareResult.rewrites) {
      const nullable = withAspect(plain, bare, { properties: ['isNullable'] });
      const statements = joinCaptured([
        await capture(runner, () => original.addColumn(table, bare)),
        await capture(runner, () => original.changeColumn(table, bare.clone(), nullable)),
      ]);
      // The column goes with all that is set on it.
      const down = statements.down.slice(-whole.down.length);
      note(table, { ...detail, rewrites: false, lacksValue: false }, { up: statements.up, down }, added);
      const name = quoteIdentifier(column.name);
      note(
        table,
        { kind: 'backfill', column: column.name, set: `${name} = DEFAULT`, where: `${name} IS NULL` },
        NOTHING,
      );
      if (!plain.isNullable) await noteNullability(call, table, nullable, plain);
      if (column.isUnique) await noteUnique(call, table, column);
      return;
    }
  }
  const lacksValue = !hasDefault && needsValue(plain);
  note(table, { ...detail, lacksValue }, whole, added);
  if (column.isUnique) await noteUnique(call, table, column);
}

/** NOT NULL, and nothing that a row would have in it by itself. */
function needsValue({ isNullable, default: value, isGenerated, generatedType }: TableColumn): boolean {
  return !isNullable && value == null && !isGenerated && generatedType === undefined;
}

/**
 * A column that goes. A revert brings it back empty, and so without the NOT NULL that the rows would break by then.
 */
export async function noteDropColumn(
  { runner, note, original }: ColumnCall,
  table: Table,
  column: TableColumn,
): Promise<void> {
  const before = column.clone();
  const empty = column.clone();
  if (needsValue(column)) empty.isNullable = true;
  const [declared, possible] = [column, empty].map(
    (one) => ` ADD ${runner.buildCreateColumnSql(table, one)}`,
  );
  const { up, down } = await capture(runner, () => original.dropColumn(table, column));
  const kind = column.isPrimary ? 'change-primary-key' : 'drop-column';
  const restore = down.map((statement) => ({
    ...statement,
    query: statement.query.replace(declared ?? '', () => possible ?? ''),
  }));
  note(table, { kind, column: column.name }, { up, down: restore }, { before });
}

/** Aspects that tell two columns apart, whatever they are called. */
const IDENTITY: readonly ColumnAspect['name'][] = ['generated', 'primary key', 'enum', 'type', 'generation'];

/**
 * Whether a new column may be an old one under another name. TypeORM takes it for that wherever a table loses one column
 * and gets one, whatever their types.
 */
export function isRenamed(dataSource: DataSource, table: Table, from: TableColumn, to: TableColumn): boolean {
  const declared = metadataOf(dataSource, table)?.findColumnWithDatabaseName(to.name);
  if (from.name === to.name || declared === undefined) return true;
  const after = new TableColumn(TableUtils.createTableColumnOptions(declared, dataSource.driver));
  return COLUMN_ASPECTS.filter(({ name }) => IDENTITY.includes(name)).every(
    ({ differs }) => !differs(from, after),
  );
}

/** A column that exists, one aspect after the other. */
export async function noteChangeColumn(
  call: ColumnCall,
  table: Table,
  from: TableColumn,
  to: TableColumn,
): Promise<void> {
  let current = await withItsDefault(call, table, from, to);
  for (const aspect of orderedFor(to)) {
    if (!aspect.differs(current, to)) continue;
    const next = withAspect(current, to, aspect);
    await noteAspect(call, table, current, next, aspect);
    current = next;
  }
}

/** What a generated column has as its default comes with its generation: the default that goes, goes before. */
function orderedFor({ isGenerated }: TableColumn): readonly ColumnAspect[] {
  if (!isGenerated) return COLUMN_ASPECTS;
  const isDefault = ({ name }: ColumnAspect) => name === 'default';
  return [...COLUMN_ASPECTS.filter(isDefault), ...COLUMN_ASPECTS.filter((aspect) => !isDefault(aspect))];
}

/**
 * TypeORM takes every column with a uuid function as its default for a generated one, and finds it changed for ever
 * where the entity says `default`.
 */
async function withItsDefault(
  { dataSource, runner }: ColumnCall,
  table: Table,
  from: TableColumn,
  to: TableColumn,
): Promise<TableColumn> {
  const column = from.clone();
  if (!from.isGenerated || from.generationStrategy !== 'uuid' || to.isGenerated) return column;
  const target = targetOf(dataSource, table);
  const rows: { text: string }[] = await runner.query(
    `select pg_get_expr(d.adbin, d.adrelid) as text
     from pg_attrdef d
     join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
     where d.adrelid = to_regclass($1) and a.attname = $2`,
    [quoteQualified(target.schema, target.table), from.name],
  );
  column.isGenerated = false;
  delete column.generationStrategy;
  column.default = rows[0]?.text;
  return column;
}

async function noteAspect(
  call: ColumnCall,
  table: Table,
  before: TableColumn,
  after: TableColumn,
  { name }: ColumnAspect,
): Promise<void> {
  const { dataSource, runner, original } = call;
  const column = after.name;
  const changed = { before: before.clone(), after: after.clone() };
  const note = (detail: OperationDetail, statements: Captured) =>
    call.note(table, detail, statements, changed);
  switch (name) {
    case 'generated':
      return note({ kind: 'change-generated', column }, NOTHING);
    case 'primary key':
      return note({ kind: 'change-primary-key', column }, NOTHING);
    case 'enum': {
      const type = await runner.getUserDefinedTypeName(table, before);
      for (const detail of changeEnum(before, after, type)) note(detail, NOTHING);
      return;
    }
    case 'type': {
      const { detail, statements } = await planTypeChange(dataSource, runner, table, before, after);
      return note(detail, statements);
    }
    case 'unique':
      return noteUnique(call, table, after);
    case 'nullability':
      return noteNullability(call, table, before, after);
    case 'generation':
    case 'default':
    case 'comment': {
      if (name === 'default' && (await keepsDefault(call, table, after))) return;
      const statements = await capture(runner, () => original.changeColumn(table, before.clone(), after));
      return note(
        { kind: name === 'comment' ? 'comment' : 'set-default', column },
        name === 'generation' ? keepCounting(runner, table, column, statements) : statements,
      );
    }
    default:
      return name satisfies never;
  }
}

/** Whether the server says so: TypeORM compares texts, and finds one that it has set itself changed for ever. */
async function keepsDefault(
  { dataSource, runner }: ColumnCall,
  table: Table,
  after: TableColumn,
): Promise<boolean> {
  if (after.default == null) return false;
  return isSameDefault(runner, targetOf(dataSource, table), after.name, String(after.default));
}

async function noteNullability(
  { runner, note, original }: ColumnCall,
  table: Table,
  before: TableColumn,
  after: TableColumn,
): Promise<void> {
  const statements = await capture(runner, () => original.changeColumn(table, before.clone(), after));
  const kind = after.isNullable ? 'drop-not-null' : 'set-not-null';
  note(table, { kind, column: after.name }, statements, { before: before.clone(), after: after.clone() });
}

/** The constraint of a column that becomes unique, or is unique no longer, under the name that the entity gives it. */
async function noteUnique(
  { dataSource, runner }: ColumnCall,
  table: Table,
  after: TableColumn,
): Promise<void> {
  const isOf = (names: readonly string[]) => names.length === 1 && names[0] === after.name;
  if (!after.isUnique) {
    const existing = table.uniques.find(({ columnNames }) => isOf(columnNames));
    if (existing !== undefined) await runner.dropUniqueConstraint(table, existing);
    return;
  }
  const declared = metadataOf(dataSource, table)?.uniques.find(({ columns }) =>
    isOf(columns.map(({ databaseName }) => databaseName)),
  );
  const unique =
    declared === undefined
      ? new TableUnique({
          name: dataSource.namingStrategy.uniqueConstraintName(table, [after.name]),
          columnNames: [after.name],
        })
      : TableUnique.create(declared);
  await runner.createUniqueConstraint(table, unique);
}
