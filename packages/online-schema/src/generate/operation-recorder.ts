import { AsyncLocalStorage } from 'node:async_hooks';
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
  /** Who makes a call: the builder, unless it is told here. */
  readonly #caller = new AsyncLocalStorage<'us' | 'typeorm'>();
  /** Ends with the call that is being written down. */
  #turn: Promise<unknown> = Promise.resolve();

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
    runner.addColumn = (table, column) =>
      this.#take(
        () => addColumn.call(runner, table, column),
        () => noteAddColumn(call, table as Table, column),
      );
    runner.changeColumn = (table, from, to) =>
      this.#take(
        () => changeColumn.call(runner, table, from, to),
        // The builder gives columns, never their names.
        () => noteChangeColumn(call, table as Table, from as TableColumn, to),
      );
    runner.dropColumn = (table, column) =>
      this.#take(
        () => dropColumn.call(runner, table, column),
        () => noteDropColumn(call, table as Table, column as TableColumn),
      );
    runner.renameColumn = (table, from, to) =>
      this.#take(
        () => renameColumn.call(runner, table, from, to),
        async () => {
          const isGuess = from instanceof TableColumn && to instanceof TableColumn;
          // The builder takes it for two columns then: one that goes and one that comes.
          if (isGuess && !isRenamed(this.#dataSource, table as Table, from, to)) return;
          await renameColumn.call(runner, table, from, to);
        },
      );
  }

  #wrap(runner: SchemaRunner, name: keyof typeof CALLS): void {
    const original = runner[name] as (...args: unknown[]) => Promise<unknown>;
    const call = (args: unknown[]) => original.apply(runner, args);
    const note = async (args: unknown[]) => {
      // Before the call, which may rename what it was given.
      const { table, detail } = CALLS[name](this.#dataSource, ...args);
      if (detail.kind === 'create-table') this.#created.add((table as Table).name);
      const statements = await capture(runner, () => this.#within(() => call(args)));
      // The builder comments every table, and renames a column to its own name when anything else of it changes.
      const isIdle = ['changeTableComment', 'renameColumn'].includes(name) && statements.up.length === 0;
      if (!isIdle) this.#note(table, detail, statements);
    };
    Object.assign(runner, {
      [name]: (...args: unknown[]) =>
        this.#take(
          () => call(args),
          () => note(args),
        ),
    });
  }

  /** Lets a call of TypeORM's on itself through, and does our own with any other, one after the other. */
  async #take(through: () => Promise<unknown>, own: () => Promise<unknown>): Promise<void> {
    switch (this.#caller.getStore()) {
      case 'typeorm':
        await through();
        return;
      case 'us':
        await own();
        return;
      case undefined: {
        // Of checks and exclusions the builder changes all of a table side by side.
        const turn = this.#turn.then(() => this.#caller.run('us', own));
        this.#turn = turn.catch(() => undefined);
        await turn;
      }
    }
  }

  #within<T>(work: () => Promise<T>): Promise<T> {
    return this.#caller.run('typeorm', work);
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
