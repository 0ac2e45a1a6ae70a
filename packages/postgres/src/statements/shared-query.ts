import { closeStatement } from './close-statement';
import { type LocalSetting, writeSettings } from './local-settings';
import { noteStaleness, type StatementSession } from './named-query';
import {
  type ConnectionInternals,
  type DataRow,
  type FieldDescription,
  Query,
  type StatementWriter,
} from './pg-internals';
import type { ReadRow, RowReader } from './row-reader';
import type { Block, OwnStatement, SharedOutcome, SharedPart, SharedResult } from './shared-part';

/** A statement that is prepared and whose columns are known. */
interface SharedStatement {
  readonly text: string;
  readonly name: string;
  readonly columns: readonly FieldDescription[];
  readonly reader: RowReader;
  readonly parts: readonly SharedPart[];
  /** Executed around all of them; undefined for nothing. */
  readonly block: Block | undefined;
}

/**
 * Several executions of a prepared statement, in one write and under one Sync. To the server they are one transaction: what fails ends it, and the parts behind it have no answer.
 */
export class SharedQuery extends Query {
  readonly #session: StatementSession;
  readonly #statement: SharedStatement;
  readonly #resolve: (result: SharedResult) => void;
  readonly #reject: (error: Error) => void;
  readonly #outcomes: SharedOutcome[] = [];
  /** Answers to statements of ours: how many come in front of that to each part, and behind the last. */
  readonly #ownDue: number[] = [];
  #readRow: ReadRow | undefined;
  #rows: unknown[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** @param reject is called when the connection is lost. */
  constructor(
    session: StatementSession,
    statement: SharedStatement,
    resolve: (result: SharedResult) => void,
    reject: (error: Error) => void,
  ) {
    super(statement.text, [], (error) => error && reject(error));
    this.name = statement.name;
    this.#session = session;
    this.#statement = statement;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override submit(connection: ConnectionInternals): Error | null {
    const { name, parts, block } = this.#statement;
    const { before: first, after: last } = block ?? NOTHING;
    let before: readonly LocalSetting[] = [];
    connection.stream.cork();
    try {
      for (const one of first) writeOwn(connection, one);
      for (const { values, settings } of parts) {
        // What writes may have changed them.
        const isSet = block === undefined && isSame(settings, before);
        if (!isSet) writeSettings(connection, settings);
        const due = isSet ? 0 : settings.length;
        this.#ownDue.push(this.#ownDue.length === 0 ? first.length + due : due);
        connection.bind({ statement: name, values });
        connection.execute({ portal: '' });
        before = settings;
      }
      for (const one of last) writeOwn(connection, one);
      this.#ownDue.push(last.length);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    this.#openPart();
    return null;
  }

  override handleDataRow(row: DataRow): void {
    if (this.#isOwn || this.#failure !== undefined) return;
    try {
      const read = this.#readRow?.(row.fields);
      if (read !== undefined) this.#rows.push(read);
    } catch (error) {
      this.#failure = { error };
    }
  }

  override handleCommandComplete(message: { readonly text: string }): void {
    const at = this.#outcomes.length;
    if (this.#isOwn) {
      this.#ownDue[at] = (this.#ownDue[at] ?? 0) - 1;
      return;
    }
    this.#outcomes.push(this.#failure ?? { rows: this.#rows, rowCount: readCount(message.text) });
    if (this.#outcomes.length < this.#statement.parts.length) this.#openPart();
  }

  /** The server goes on after the Sync, or the connection is lost. */
  override handleError(error: Error, connection: ConnectionInternals): void {
    if (this.#session.client.isDoomed) {
      this.#reject(error);
      return;
    }
    const isStale = noteStaleness(this.#session, connection, error);
    // At the Sync, of all of them together: each is asked again, by itself.
    if (this.#outcomes.length === this.#statement.parts.length) this.#outcomes.fill(undefined);
    else this.#outcomes.push(isStale ? undefined : { error });
    this.#end(error);
  }

  override handleReadyForQuery(connection: ConnectionInternals): void {
    const { before, after } = this.#statement.block ?? NOTHING;
    for (const { statement } of [...before, ...after]) {
      connection.parsedStatements[statement.name] = statement.text;
    }
    this.#end(undefined);
  }

  #end(failure: Error | undefined): void {
    const rowCount = this.#outcomes.reduce(
      (sum, outcome) => sum + (outcome !== undefined && 'rows' in outcome ? outcome.rowCount : 0),
      0,
    );
    this.#resolve({ command: 'SELECT', rows: this.#outcomes, rowCount, oid: 0, fields: [], failure });
  }

  get #isOwn(): boolean {
    return (this.#ownDue[this.#outcomes.length] ?? 0) > 0;
  }

  #openPart(): void {
    const { reader, columns } = this.#statement;
    this.#rows = [];
    this.#failure = undefined;
    try {
      this.#readRow = reader.open(columns);
    } catch (error) {
      this.#failure = { error };
    }
  }
}

const NOTHING: Block = Object.freeze({ before: [], after: [] });

/** It may be there, where what it was sent with has failed. Closing what is not there is no error. */
function writeOwn(connection: StatementWriter, { statement: { name, text }, values }: OwnStatement): void {
  if (connection.parsedStatements[name] !== text) {
    closeStatement(connection, name);
    connection.parse({ name, text });
  }
  connection.bind({ statement: name, values });
  connection.execute({ portal: '' });
}

function isSame(settings: readonly LocalSetting[], others: readonly LocalSetting[]): boolean {
  if (settings === others) return true;
  return (
    settings.length === others.length &&
    settings.every(([name, value], at) => name === others[at]?.[0] && value === others[at]?.[1])
  );
}

/** Such as `INSERT 0 1`, or `SELECT 5`. */
function readCount(tag: string): number {
  return Number(tag.slice(tag.lastIndexOf(' ') + 1)) || 0;
}
