import { prepareValue } from 'pg/lib/utils';
import type { PooledClient } from '../connection/pooled-client';
import type { Companion } from '../connection/statement-runner';
import { closeStatement } from './close-statement';
import type { HeldStatements } from './held-statements';
import { IncomingAnswer, NO_COLUMNS } from './incoming-answer';
import { type LocalSetting, SET_LOCAL, writeSettings } from './local-settings';
import type {
  ClientInternals,
  ConnectionInternals,
  DataRow,
  Exchange,
  FieldDescription,
  QueryCallback,
  StatementWriter,
} from './pg-internals';
import type { RowReader } from './row-reader';
import type { SharedStatements } from './shared-statements';
import { readStaleness } from './stale-statement';
import { StatementSkippedError } from './statement-skipped-error';

/** What the named statements of one connection share. */
export interface StatementSession {
  readonly client: PooledClient;
  readonly held: HeldStatements;
  readonly shared: SharedStatements;
  /** What the server has said of the columns of those that are held, by name. */
  readonly descriptions: Map<string, StatementDescription>;
  /**
   * Whether the server connection is this one's alone. A pooler that changes it prepares the statement anew where it is not, by the tables of that moment: what was
   * said of its columns before says nothing then.
   */
  readonly ownsSession: boolean;
  /** The shared count of schema changes to which `held` is up to date. */
  knownSchemaChanges: number;
  /** Whether the server has begun to execute what was submitted last. */
  isBound: boolean;
  /** How many settings in front of it the server has not begun to execute. */
  settingsDue: number;
}

/** A statement that is prepared once more under its name is described once more: it may have other columns. */
interface StatementDescription {
  readonly preparedBy: object;
  /** Undefined until the server has said it; none where no rows come. */
  columns?: readonly FieldDescription[];
}

/** What is executed once. */
interface NamedStatement {
  readonly text: string;
  readonly name: string;
  readonly values: readonly unknown[];
  /** Asked behind it, under the same Sync. */
  readonly companion: Companion | undefined;
  /** Done in front of it, under the same Sync. */
  readonly settings: readonly LocalSetting[];
  /** Reads its rows; node-postgres does where it is undefined. */
  readonly reader: RowReader | undefined;
}

/**
 * One execution of a statement under its name. It decides what to prepare and what to close when its turn to be sent has
 * come and not before, because only then everything in front of it is on its way.
 *
 * A statement that the server refuses because it does not hold it, or not in this form any more, is prepared anew and
 * sent once more, in front of all that wait: outside a transaction, and only if the server had not begun to execute it.
 *
 * Of a prepared statement the columns are known, and the server refuses it rather than answer with others: they are not asked for
 * again.
 */
export class NamedQuery implements Exchange {
  readonly text: string;
  readonly name: string;
  queryMode = 'extended' as const;
  readonly #session: StatementSession;
  readonly #values: readonly unknown[];
  readonly #answer: IncomingAnswer;
  callback: QueryCallback;
  #isSubmitting = false;
  #isPreparing = false;
  /** Names that are closed in front of it. */
  #obsolete: Iterable<string> = [];
  #isRepeated = false;
  #mayRepeat = false;
  readonly #companion: Companion | undefined;
  readonly #settings: readonly LocalSetting[];
  /** Answers that are those of settings. */
  #answersDue = 0;
  #isAnswered = false;
  /** Whether `callback` was called, or is about to be. */
  #isSettled = false;

  constructor(session: StatementSession, statement: NamedStatement, callback: QueryCallback) {
    this.text = statement.text;
    this.name = statement.name;
    this.#values = statement.values;
    this.callback = callback;
    this.#session = session;
    this.#answer = new IncomingAnswer(session.client, statement.reader);
    this.#companion = statement.companion;
    this.#settings = statement.settings;
  }

  submit(connection: StatementWriter): Error | null {
    const { client, held } = this.#session;
    this.#followSchema();
    // In a pipeline, what comes first may open a transaction and is not answered yet.
    this.#mayRepeat = !this.#isRepeated && !client.pipeline && client.getTransactionStatus() === 'I';
    this.#session.isBound = false;
    this.#session.settingsDue = this.#answersDue = this.#settings.length;
    const obsolete = held.admit(this.text, this.name) ?? this.#listUnconfirmed(connection);
    this.#isPreparing = obsolete !== undefined;
    this.#obsolete = obsolete ?? [];
    if (obsolete !== undefined) this.#noteDescriptions(obsolete);
    this.#isSubmitting = true;
    connection.stream.cork();
    try {
      if (obsolete !== undefined) for (const name of obsolete) closeStatement(connection, name);
      if (this.#settings.length > 0) writeSettings(connection, this.#settings);
      this.#write(connection);
      return null;
    } finally {
      connection.stream.uncork();
      this.#isSubmitting = false;
    }
  }

  #write(connection: StatementWriter): void {
    const { name, text } = this;
    if (!isSent(connection, name)) {
      connection.parse({ name, text });
      connection.submittedNamedStatements[name] = text;
    }
    const columns = this.#session.descriptions.get(name)?.columns;
    // Nothing is sent yet, and who waits for an answer must have one: a reader fails when the columns are told once more.
    const isDescribed = columns !== undefined && this.#answer.open(columns);
    try {
      connection.bind({ statement: name, values: this.#values, valueMapper: prepareValue });
    } catch (error) {
      // The answers to these tell of nothing.
      connection.close({ type: 'S', name });
      connection.sync();
      this.handleError(error as Error, connection as ConnectionInternals);
      return;
    }
    if (!isDescribed) connection.describe({ type: 'P', name: '' });
    connection.execute({ portal: '' });
    if (this.#companion !== undefined) {
      // It needs no Describe: its values are taken as they come.
      connection.bind({ statement: this.#companion.name });
      connection.execute({ portal: '' });
    }
    connection.sync();
  }

  #noteDescriptions(obsolete: Iterable<string>): void {
    const { descriptions, ownsSession } = this.#session;
    if (!ownsSession) return;
    for (const name of obsolete) descriptions.delete(name);
    descriptions.set(this.name, { preparedBy: this });
  }

  handleRowDescription(message: { readonly fields: readonly FieldDescription[] }): void {
    const description = this.#session.descriptions.get(this.name);
    if (description?.preparedBy === this) description.columns = message.fields;
    this.#answer.describe(message.fields);
  }

  /** What is answered and was not described has no rows. */
  #noteNoColumns(): void {
    const description = this.#session.descriptions.get(this.name);
    if (description?.preparedBy === this) description.columns ??= NO_COLUMNS;
  }

  handleDataRow(row: DataRow): void {
    if (this.#answersDue > 0) return;
    if (this.#isAnswered) this.#companion?.onRow(row.fields);
    else this.#answer.takeRow(row.fields);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    if (this.#answersDue > 0) {
      this.#answersDue -= 1;
      return;
    }
    if (!this.#isAnswered) {
      this.#noteNoColumns();
      this.#answer.complete(message);
    }
    this.#isAnswered = this.#companion !== undefined;
  }

  handleError(error: Error, connection: ConnectionInternals): void {
    const { client, held, isBound } = this.#session;
    // A value that cannot be sent makes node-postgres close the statement.
    const isGone = this.#isSubmitting || connection.parsedStatements[this.name] === undefined;
    // Not even its names were closed.
    if (error instanceof StatementSkippedError) held.owe(this.#obsolete);
    const isStale = noteStaleness(this.#session, connection, error);
    if (isStale && this.#companion !== undefined) delete connection.parsedStatements[this.#companion.name];
    if (!isStale && isGone) held.forget(this.text);
    if (isStale && this.#mayRepeat && !isBound && !this.#isSettled) {
      this.#isRepeated = true;
      this.#mayRepeat = false;
      (client as unknown as ClientInternals)._queryQueue.unshift(this);
    } else {
      this.#settle((this.#answer.failure?.error ?? error) as Error);
    }
  }

  #settle(failure: Error | null): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { callback } = this;
    // What it sends must not be noted as sent before this.
    if (this.#isSubmitting) process.nextTick(callback, failure);
    else callback(failure, this.#answer.result);
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleReadyForQuery(connection: ConnectionInternals): void {
    // Closed behind its own preparation, whose confirmation node-postgres has noted after that.
    if (this.#isPreparing && this.#session.held.nameOf(this.text) === undefined) {
      delete connection.parsedStatements[this.name];
    }
    const { failure } = this.#answer;
    if (failure === undefined) this.#settle(null);
    else this.handleError(failure.error as Error, connection);
  }

  #followSchema(): void {
    const { held, shared, knownSchemaChanges } = this.#session;
    if (knownSchemaChanges === shared.schemaChanges) return;
    this.#session.knownSchemaChanges = shared.schemaChanges;
    held.forgetAll();
  }

  /** In a pipeline, what prepares it may be on its way and fail yet, for a reason that this execution has to tell as well. */
  #listUnconfirmed(connection: StatementWriter): readonly string[] | undefined {
    return connection.parsedStatements[this.name] === undefined ? [this.name] : undefined;
  }
}

/** Whether the server holds it, or will when what was written is answered. */
function isSent({ parsedStatements, submittedNamedStatements }: StatementWriter, name: string): boolean {
  return parsedStatements[name] !== undefined || submittedNamedStatements[name] !== undefined;
}

/**
 * Where a statement is stale, so are others, and each of them would fail a transaction: all are prepared anew.
 * @returns whether that is what the error says.
 */
export function noteStaleness(
  session: StatementSession,
  connection: ConnectionInternals,
  error: unknown,
): boolean {
  const staleness = readStaleness(error);
  if (staleness === undefined) return false;
  session.held.forgetAll();
  if (staleness === 'session') connection.parsedStatements = {};
  delete connection.parsedStatements[SET_LOCAL.name];
  if (staleness === 'schema') session.knownSchemaChanges = session.shared.schemaChanges += 1;
  return true;
}
