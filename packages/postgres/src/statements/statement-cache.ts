import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { Companion, StatementRunner } from '../connection/statement-runner';
import type { CacheFill } from './cache-fill';
import { HeldStatements } from './held-statements';
import { type LocalSetting, NO_SETTINGS, SET_LOCAL } from './local-settings';
import { NamedQuery, type StatementSession } from './named-query';
import type { ClientInternals, QueryCallback } from './pg-internals';
import { sendToReader } from './reading-query';
import { ReservedQuery } from './reserved-query';
import type { RowReader } from './row-reader';
import { sendWithSettings } from './settings-query';
import type { Block, SharedPart, SharedResult } from './shared-part';
import { SharedQuery } from './shared-query';
import type { SharedStatements } from './shared-statements';
import { hasPassingLiteral, mayBeNamed } from './statement-name';

/** The command tags after which nothing that was prepared may be relied on. */
const UPHEAVAL = /^(?:CREATE|ALTER|DROP|IMPORT|DO|DISCARD|DEALLOCATE)\b/;

/** Settings by which literals are read, once, when a statement is prepared. The server tells when they change. */
const READS_LITERALS: ReadonlySet<string> = new Set(['TimeZone', 'DateStyle', 'IntervalStyle']);

export interface StatementCacheTerms {
  /** How many are held at once, at least 1. */
  readonly maxStatements: number;
  /** Whether the server connection is this one's alone. */
  readonly ownsSession: boolean;
}

/** Prepares the parameterised statements of one connection under names derived from their texts, and executes them by name. */
export class StatementCache implements StatementRunner {
  readonly #client: PooledClient;
  readonly #shared: SharedStatements;
  readonly #held: HeldStatements;
  readonly #session: StatementSession;
  /** Since the last COMMIT. */
  #hasUpheaval = false;
  /** Waits for a statement that takes it along. */
  #companion: Companion | undefined;

  constructor(
    client: PooledClient,
    { maxStatements, ownsSession }: StatementCacheTerms,
    shared: SharedStatements,
  ) {
    this.#client = client;
    this.#shared = shared;
    this.#held = new HeldStatements(maxStatements);
    this.#session = {
      client,
      held: this.#held,
      shared,
      descriptions: new Map(),
      ownsSession,
      knownSchemaChanges: shared.schemaChanges,
      isBound: false,
      settingsDue: 0,
    };
    const { connection } = client as unknown as ClientInternals;
    connection.on('bindComplete', () => {
      if (this.#session.settingsDue > 0) this.#session.settingsDue -= 1;
      else this.#session.isBound = true;
    });
    connection.on('parameterStatus', ({ parameterName }) => {
      if (READS_LITERALS.has(parameterName)) this.#held.forgetAll();
    });
  }

  /** What the connection holds under names. */
  get fill(): CacheFill {
    return this.#held.fill;
  }

  accepts(text: string, values: readonly unknown[] | undefined): boolean {
    return mayBeNamed(text, values);
  }

  run(
    text: string,
    values: readonly unknown[],
    settings: readonly LocalSetting[] = NO_SETTINGS,
    reader?: RowReader,
  ): Promise<QueryResult> {
    const name = this.#held.nameOf(text) ?? this.#proposeName(text);
    const [setting] = settings;
    if (name === undefined && setting !== undefined) {
      return sendWithSettings(this.#client, { text, values, settings, reader }).catch(rethrow);
    }
    if (name === undefined && reader !== undefined) {
      return sendToReader(this.#client, text, values, reader).catch(rethrow);
    }
    if (name === undefined) return this.#client.query(text, values as unknown[]);
    if (setting !== undefined) this.#prepare(setting);
    const companion = this.#takeCompanion();
    const answer = new Promise<QueryResult>((resolve, reject) => {
      const query = new NamedQuery(
        this.#session,
        { text, name, values, companion, settings, reader },
        (error, result) => (error ? reject(error) : resolve(result)),
      );
      this.#client.send(query);
    });
    return answer.catch(rethrow);
  }

  send(text: string, values: readonly unknown[], callback: QueryCallback): void {
    const name = this.#held.nameOf(text) ?? this.#proposeName(text);
    if (name === undefined) {
      this.#client.query(text, values as unknown[], callback);
      return;
    }
    const statement = { text, name, values, companion: undefined, settings: NO_SETTINGS, reader: undefined };
    this.#client.send(new NamedQuery(this.#session, statement, callback));
  }

  canShare(text: string): boolean {
    const { parsedStatements } = (this.#client as unknown as ClientInternals).connection;
    const name = this.#held.nameOf(text);
    return (
      name !== undefined &&
      this.#client.readyForQuery &&
      parsedStatements[name] !== undefined &&
      this.#session.descriptions.get(name)?.columns !== undefined &&
      this.#session.knownSchemaChanges === this.#shared.schemaChanges
    );
  }

  share(text: string, parts: readonly SharedPart[], reader: RowReader, block?: Block): Promise<SharedResult> {
    const name = this.#held.nameOf(text) ?? '';
    const columns = this.#session.descriptions.get(name)?.columns ?? [];
    this.#held.admit(text, name);
    const setting = parts.find(({ settings }) => settings.length > 0)?.settings[0];
    if (setting !== undefined) this.#prepare(setting);
    return new Promise((resolve, reject) => {
      const statement = { text, name, columns, reader, parts, block };
      this.#client.query(new SharedQuery(this.#session, statement, resolve, reject));
    });
  }

  /** From then on the server holds it under its name: what it sets is over when it is answered. */
  #prepare(setting: LocalSetting): void {
    const { parsedStatements } = (this.#client as unknown as ClientInternals).connection;
    if (parsedStatements[SET_LOCAL.name] !== undefined) return;
    // If it fails, so will what follows.
    this.#client.send(new ReservedQuery(SET_LOCAL, [...setting], () => undefined));
  }

  accompany(companion: Companion, write: () => void): boolean {
    const { parsedStatements } = (this.#client as unknown as ClientInternals).connection;
    this.#companion = parsedStatements[companion.name] === companion.text ? companion : undefined;
    const isOffered = this.#companion !== undefined;
    try {
      write();
      return isOffered && this.#companion === undefined;
    } finally {
      this.#companion = undefined;
    }
  }

  #takeCompanion(): Companion | undefined {
    const companion = this.#companion;
    this.#companion = undefined;
    return companion;
  }

  #proposeName(text: string): string | undefined {
    return hasPassingLiteral(text) ? undefined : this.#shared.seen.noteUse(text);
  }

  isPrepared(text: string): boolean {
    return this.#held.nameOf(text) !== undefined;
  }

  /**
   * Inside a transaction a statement that went stale fails and takes the transaction with it, so what this connection
   * itself has made stale is forgotten at once. A rollback undoes a change of the schema, and so is another one.
   */
  noteCommand(tag: string): void {
    const isUpheaval = UPHEAVAL.test(tag);
    if (isUpheaval || (tag === 'ROLLBACK' && this.#hasUpheaval)) this.#held.forgetAll();
    if (isUpheaval) this.#hasUpheaval = true;
    else if (tag === 'COMMIT') this.#hasUpheaval = false;
    if (tag !== 'DISCARD ALL' && tag !== 'DEALLOCATE ALL') return;
    const { connection } = this.#client as unknown as ClientInternals;
    connection.parsedStatements = {};
  }
}

/** As node-postgres does: the stack that leads to the socket gives way to one that leads to the caller. */
function rethrow(error: Error): never {
  Error.captureStackTrace(error);
  throw error;
}
