import { type DataSource, type QueryRunner, type Table, TableColumn } from 'typeorm';
import {
  type ColumnCall,
  isRenamed,
  noteAddColumn,
  noteChangeColumn,
  noteDropColumn,
} from './column-changes';
import { CALLS } from './describe-calls';
import { changeEnum } from './enum-changes';
import { mergePairs } from './merge-pairs';
import { metadataOf, targetOf } from './name-tables';
import { type Captured, capture, type SchemaRunner } from './schema-runner';
import type { ChangedColumn, OperationDetail, TableOperation } from './table-operation';

/** What the schema builder does, written down as it calls the runner: what is told by a call need not be read in SQL. */
export class OperationRecorder {
  readonly #dataSource: DataSource;
  readonly #noted: TableOperation[] = [];
  readonly #created = new Set<string>();
  /** Above 0 while a call of ours is at work, whose calls are its own business. */
  #depth = 0;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** In the order in which they must be made. */
  get operations(): readonly TableOperation[] {
    return mergePairs(this.#noted);
  }

  listen(queryRunner: QueryRunner): void {
    const runner = queryRunner as SchemaRunner;
    for (const name of Object.keys(CALLS) as (keyof typeof CALLS)[]) this.#wrap(runner, name);
    this.#listenToColumns(runner);
  }

  /** Values of an enum in another order than declared, which TypeORM does not look at. */
  compareEnums(tables: readonly Table[]): void {
    for (const table of tables) {
      for (const { databaseName, enum: values } of metadataOf(this.#dataSource, table)?.columns ?? []) {
        const before = table.findColumnByName(databaseName);
        if (before?.enum === undefined || values === undefined) continue;
        const after = before.clone();
        after.enum = values.map(String);
        for (const detail of changeEnum(before, after, { schema: '', name: '' })) {
          const isReorder = detail.kind === 'change-enum' && detail.problem === 'values reordered';
          if (isReorder) this.#note(table, detail, { up: [], down: [] }, { before, after });
        }
      }
    }
  }

  #listenToColumns(runner: SchemaRunner): void {
    const { addColumn, changeColumn, dropColumn, renameColumn } = runner;
    const call: ColumnCall = {
      dataSource: this.#dataSource,
      runner,
      note: (table, detail, statements, changed) => this.#note(table, detail, statements, changed),
      original: {
        addColumn: (...args) => this.#within(() => addColumn.apply(runner, args)),
        changeColumn: (...args) => this.#within(() => changeColumn.apply(runner, args)),
        dropColumn: (...args) => this.#within(() => dropColumn.apply(runner, args)),
      },
    };
    runner.addColumn = async (table, column) => {
      if (this.#depth > 0) return addColumn.call(runner, table, column);
      return noteAddColumn(call, table as Table, column);
    };
    runner.changeColumn = async (table, from, to) => {
      if (this.#depth > 0 || !(from instanceof TableColumn))
        return changeColumn.call(runner, table, from, to);
      return noteChangeColumn(call, table as Table, from, to);
    };
    runner.dropColumn = async (table, column) => {
      if (this.#depth > 0) return dropColumn.call(runner, table, column);
      return noteDropColumn(call, table as Table, column as TableColumn);
    };
    runner.renameColumn = async (table, from, to) => {
      const isGuess = this.#depth === 0 && from instanceof TableColumn && to instanceof TableColumn;
      // The builder takes it for two columns then: one that goes and one that comes.
      if (isGuess && !isRenamed(this.#dataSource, table as Table, from, to)) return;
      return renameColumn.call(runner, table, from, to);
    };
  }

  #wrap(runner: SchemaRunner, name: keyof typeof CALLS): void {
    const original = runner[name] as (...args: unknown[]) => Promise<unknown>;
    const wrapped = async (...args: unknown[]) => {
      if (this.#depth > 0) return original.apply(runner, args);
      // Before the call, which may rename what it was given.
      const { table, detail } = CALLS[name](this.#dataSource, ...args);
      if (detail.kind === 'create-table') this.#created.add((table as Table).name);
      const statements = await capture(runner, () => this.#within(() => original.apply(runner, args)));
      // The builder comments every table, and renames a column to its own name when anything else of it changes.
      const isIdle = ['changeTableComment', 'renameColumn'].includes(name) && statements.up.length === 0;
      if (!isIdle) this.#note(table, detail, statements);
    };
    Object.assign(runner, { [name]: wrapped });
  }

  async #within<T>(work: () => Promise<T>): Promise<T> {
    this.#depth += 1;
    try {
      return await work();
    } finally {
      this.#depth -= 1;
    }
  }

  #note(
    table: Table | string,
    detail: OperationDetail,
    { up, down }: Captured,
    changed?: ChangedColumn,
  ): void {
    const target = typeof table === 'string' ? { table } : targetOf(this.#dataSource, table);
    const isNew = typeof table !== 'string' && this.#created.has(table.name);
    this.#noted.push({ ...detail, table: target, isNew, up, down, ...(changed && { changed }) });
  }
}
