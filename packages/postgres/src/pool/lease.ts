import { performance } from 'node:perf_hooks';
import { readErrorCode } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { PoolClient, QueryConfig, QueryResult, Submittable } from 'pg';
import { explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import type { PostgresEmitter } from '../events/postgres-events';
import { currentReadSession, noteStatement } from '../replicas/read-session';
import { type LocalSetting, NO_SETTINGS } from '../statements/local-settings';
import type { Portal } from '../statements/portal';
import type { PortalStep } from '../statements/portal-query';
import type { RowReader } from '../statements/row-reader';
import type { Block, SharedPart, SharedResult } from '../statements/shared-part';
import { TransactionAbortedError } from '../transactions/transaction-aborted-error';
import type { CallSite } from './call-site';
import { createFace, LEASE } from './lease-face';
import { openReport } from './operation-report';
import { ConnectionReleasedError, SettingsNotSentError } from './pool-error';
import { type GivenStatement, type Manner, sendStatement } from './send-statement';
import type { StatementGate } from './statement-gate';
import { endsTransaction, isSingleStatement, leavesFailure, startsTransaction } from './statement-text';

/** What a lease is made of beside its client. */
export interface LeaseTerms {
  readonly pool: string;
  readonly events: PostgresEmitter;
  /** How long the caller had waited for it, in milliseconds. */
  readonly waitMs: number;
  /** Where it was acquired, if leaks are watched. */
  readonly site: CallSite | undefined;
  /** Puts the client back into its pool, or out of it. */
  readonly giveBack: (error?: Error | boolean) => void;
}

/** What a statement fails with in a transaction that has failed before. */
const IN_FAILED_TRANSACTION = '25P02';

/** What talks to the connection itself, as node-postgres tells it of a failure. */
interface FailingQuery extends Submittable {
  handleError(error: unknown, connection: unknown): void;
}

type QueryCallback = (error: unknown, result?: QueryResult) => void;

/**
 * One caller's hold on a client. A client is the same object for everybody who holds it in turn; a lease ends with its
 * `release`, and afterwards refuses statements, which would otherwise run in the next caller's transaction.
 *
 * Statements that go through it tell the truth: a COMMIT that would be a rollback is refused, a broken connection says
 * why it broke, and failures are marked with the phase they happened in.
 */
export class Lease {
  readonly client: PooledClient;
  readonly acquiredAtMs = performance.now();
  readonly site: CallSite | undefined;
  /** What the caller holds: the client, except for what a lease does itself. */
  readonly face: PoolClient;
  /** Set while a unit of work rules the connection. */
  gate: StatementGate | undefined;
  /** Hold for each statement by itself: nothing is left of them on the connection. */
  settings: readonly LocalSetting[] = NO_SETTINGS;
  /** Of the request that it is held for; told with each statement. */
  requestId: string | undefined;
  /** What events call its pool. */
  readonly pool: string;
  readonly #events: PostgresEmitter;
  readonly #giveBack: (error?: Error | boolean) => void;
  #waitMs: number;
  #isOver = false;
  #running = 0;
  #readRefusal: (() => unknown) | undefined;
  #onIdle: (() => void) | undefined;
  #firstFailure: unknown;

  constructor(client: PooledClient, { pool, events, waitMs, site, giveBack }: LeaseTerms) {
    this.client = client;
    this.site = site;
    this.pool = pool;
    this.#events = events;
    this.#waitMs = waitMs;
    this.#giveBack = giveBack;
    this.face = createFace(client, this);
  }

  /** The error that made the open transaction fail, as far as this lease has seen it. */
  get firstFailure(): unknown {
    return this.#firstFailure;
  }

  /** Whether a statement has been sent and not been answered yet. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Resolves when no statement runs. */
  async idle(): Promise<void> {
    if (!this.isBusy) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** No statement is sent from now on; each fails with what `readReason` returns. */
  refuse(readReason: () => unknown): void {
    this.#readRefusal ??= readReason;
  }

  /** Gives the client back to its pool; with an error or `true` it is closed. @throws when it was given back before. */
  readonly release = (error?: Error | boolean): void => {
    if (this.#isOver) throw new ConnectionReleasedError();
    this.#isOver = true;
    this.#giveBack(error);
  };

  /** As the client's own `query`, in all its forms. */
  readonly query = (config: unknown, values?: unknown, callback?: unknown): unknown => {
    if (typeof values === 'function') return this.query(config, undefined, values);
    if (isSubmittable(config)) return this.#submit(config);
    const answer = this.#run(config as string | QueryConfig, values as unknown[] | undefined);
    if (typeof callback !== 'function') return answer;
    const done = callback as QueryCallback;
    // Out of the promise, so that what a callback throws is an uncaught exception as anywhere else.
    answer.then(
      (result) => process.nextTick(done, null, result),
      (error: unknown) => process.nextTick(done, error),
    );
    return undefined;
  };

  /** Sends a statement as `query` does, and resolves with rows as the reader reads them. */
  read(text: string, values: readonly unknown[], reader: RowReader): Promise<QueryResult> {
    return this.#run(text, values as unknown[], { reader });
  }

  /** Takes the next rows of a portal, as its reader reads them, or closes it. Where a transaction begins with it, the settings hold for all of it. */
  step(portal: Portal, step: PortalStep): Promise<QueryResult> {
    const text = step === 'close' ? 'CLOSE' : portal.terms.text;
    return this.#run(text, portal.values as unknown[], { portal, step });
  }

  /**
   * Sends one statement with the values of each part together, outside of a transaction, and resolves with what became of each; listeners are
   * told of one statement. Undefined where this connection has not prepared it: then nothing is sent.
   */
  sendTogether(
    text: string,
    parts: readonly SharedPart[],
    reader: RowReader,
    block?: Block,
  ): Promise<SharedResult> | undefined {
    const isShareable = this.gate === undefined && this.client.statements?.canShare(text);
    if (isShareable !== true) return undefined;
    return this.#run(text, undefined, { reader, parts, block }) as Promise<SharedResult>;
  }

  /**
   * Writes a statement of the open transaction before this returns, past the gate, and calls back when it is answered: with what it has
   * failed with, or undefined, and the answer.
   */
  sendPast(
    text: string,
    values: readonly unknown[],
    onAnswer: (failure: Error | undefined, answer: QueryResult) => void,
  ): void {
    const { client } = this;
    const report = openReport(this.#events, this, text, 0);
    this.#running += 1;
    const callback = (error: Error | null, answer: QueryResult): void => {
      this.#settle();
      const failure =
        error === null ? undefined : tagPhase(explainFailure(client, error) as Error, 'in-transaction');
      // What has failed before it is told later: a promise lies between.
      if (failure !== undefined && readErrorCode(failure) !== IN_FAILED_TRANSACTION) {
        this.#firstFailure ??= failure;
      }
      report?.(failure === undefined ? answer : undefined, failure);
      onAnswer(failure, answer);
    };
    if (client.statements?.accepts(text, values)) client.statements.send(text, values, callback);
    else client.query(text, values as unknown[], callback);
  }

  /** Cursors and copy streams talk to the connection themselves. */
  #submit(query: Submittable): unknown {
    if (this.#isOver) throw new ConnectionReleasedError();
    if (this.#readRefusal) throw this.#readRefusal();
    if (this.settings.length > 0) throw new SettingsNotSentError();
    if (this.gate === undefined) noteStatement((query as { readonly text?: string }).text ?? 'COPY');
    // It may be a COPY into a table.
    if (this.gate === undefined) currentReadSession()?.noteWrite();
    const ready = this.gate?.submit();
    if (ready === undefined) return this.client.query(query);
    ready.then(
      () => this.client.query(query),
      (error: unknown) =>
        process.nextTick(() => (query as FailingQuery).handleError(error, this.client.connection)),
    );
    return query;
  }

  /** Listeners are told of a statement that a gate sends by itself, when what this returns is called; undefined where nobody listens. */
  report(text: string): ((failure: Error | null) => void) | undefined {
    const report = openReport(this.#events, this, text, 0);
    return (
      report && ((failure) => report(undefined, failure ? explainFailure(this.client, failure) : undefined))
    );
  }

  async #run(
    config: string | QueryConfig,
    values: unknown[] | undefined,
    manner: Manner = {},
  ): Promise<QueryResult> {
    const { client } = this;
    const text = typeof config === 'string' ? config : config.text;
    if (this.#isOver) throw new ConnectionReleasedError();
    if (this.#readRefusal) throw this.#readRefusal();
    // What a transaction of its own has done is no work that could be repeated as one.
    const status = manner.portal?.terms.begins ? 'I' : this.#readStatus();
    if (status === 'I' || leavesFailure(text)) this.#firstFailure = undefined;
    if (client.loss !== undefined) {
      throw tagPhase(explainFailure(client, client.loss), status === 'I' ? 'acquire' : 'in-transaction');
    }
    const isCommit = endsTransaction(text);
    if (isCommit && status === 'E') throw this.#refuseCommit();
    const deferred = this.gate?.defer(text);
    if (deferred !== undefined) return deferred;
    const waitMs = this.#waitMs;
    this.#waitMs = 0;
    if (this.gate === undefined) noteStatement(text);
    const report = openReport(this.#events, this, text, waitMs);
    let result: QueryResult;
    this.#running += 1;
    try {
      result = await this.#admit({ config, text, values, ...manner });
      this.#settle();
    } catch (error) {
      this.#settle();
      const failure = explainFailure(client, this.gate?.explain?.(error) ?? error);
      if (status === 'T') this.#firstFailure ??= failure;
      // A text of several statements may have committed some of them.
      if (isCommit) tagPhase(failure, 'commit');
      else if (isSingleStatement(text) && (status !== 'I' || startsTransaction(text))) {
        tagPhase(failure, 'in-transaction');
      }
      report?.(undefined, failure);
      throw failure;
    }
    const { failure } = result as Partial<SharedResult>;
    report?.(failure === undefined ? result : undefined, failure);
    if (isCommit && result.command === 'ROLLBACK') throw this.#refuseCommit();
    return result;
  }

  #admit(statement: GivenStatement): Promise<QueryResult> {
    const { config, text, values } = statement;
    const given = values ?? (typeof config === 'string' ? undefined : config.values);
    const forward = () => sendStatement(this.client, this.settings, statement);
    return this.gate?.send(text, forward, (given?.length ?? 0) > 0) ?? forward();
  }

  #readStatus(): string | null {
    const status = this.client.getTransactionStatus();
    return status === 'I' && this.gate?.isInTransaction === true ? 'T' : status;
  }

  #settle(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle?.();
  }

  #refuseCommit(): Error {
    return tagPhase(new TransactionAbortedError(this.#firstFailure), 'in-transaction');
  }
}

/** Returns the lease behind what a caller holds, or undefined when it is none. */
export function readLease(connection: object): Lease | undefined {
  return (connection as { readonly [LEASE]?: Lease })[LEASE];
}

function isSubmittable(config: unknown): config is Submittable {
  return (
    typeof config === 'object' && config !== null && typeof (config as Submittable).submit === 'function'
  );
}
