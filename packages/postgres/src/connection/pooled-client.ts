import { performance } from 'node:perf_hooks';
import pg from 'pg';
import type { RemovalReason } from '../events/postgres-events';
import { Flight } from '../statements/flight';
import type { ConnectionInternals, Exchange } from '../statements/pg-internals';
import { limitAnswer } from './answer-limit';
import type { ServerIdentity } from './server-identity';
import type { StatementRunner } from './statement-runner';

/** Hears what the server answers on a connection, when node-postgres has heard it. */
export interface AnswerWatch {
  /** A command is done. `tag` names it, as in `INSERT 0 1`. */
  onCommand(tag: string): void;
  /** Everything under one Sync is answered. `status`: `I` outside of a transaction, `T` in one, `E` in one that has failed. */
  onReady(status: string): void;
}

/** A node-postgres client that knows its age and why it died, can be cut off, and whose death never ends the process. */
export class PooledClient extends pg.Client {
  /** Whether statements are written as they come, without waiting for the answers to earlier ones. */
  declare pipeline: boolean;
  /** Whether every statement that was sent has been answered. */
  declare readonly readyForQuery: boolean;
  /** The open connection alone keeps the process alive no longer. */
  declare unref: () => void;
  /** Monotonic, in milliseconds. */
  readonly createdAtMs = performance.now();
  /** What the server said of itself when the connection was opened; undefined until then. */
  identity: ServerIdentity | undefined;
  /** Prepares statements by name; undefined where that is switched off or a pooler forbids it. */
  statements: StatementRunner | undefined;
  /** Set while somebody watches. A listener less is a list of listeners less to copy for each message. */
  answerWatch: AnswerWatch | undefined;
  /** Monotonic, in milliseconds: when it was last given back. Undefined while somebody holds it. */
  idleSinceMs: number | undefined;
  /** Whether it was opened beside the pool, which then neither lends nor counts it. */
  isSeparate = false;
  /** Whether the server has refused a write because it is a standby, or the session is read-only. */
  isReadOnly = false;
  /** Where a route has led it. Holds a password, so it is not shown. */
  declare targetUrl: string | undefined;
  /** Why it has to leave the pool, as far as that was decided and not suffered. */
  removal: RemovalReason | undefined;
  #isReady = false;
  #farewell: ServerMessage | undefined;
  #loss: Error | undefined;
  #isClosedHere = false;
  #isCut = false;
  #isOnStandby = false;
  #isGathering = false;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // A checked-out client that loses its connection emits `error`, and without a listener Node ends the process.
    // Queries and the pool hear of the loss on their own.
    this.on('error', (error) => {
      this.#loss ??= error;
    });
    Object.defineProperty(this, 'targetUrl', { writable: true, enumerable: false, value: undefined });
    this.once('connect', () => {
      this.#isReady = true;
    });
    const watch = (message: ServerMessage): void => {
      if (endsSession(message)) this.#farewell ??= message;
      if (message.code === READ_ONLY_TRANSACTION) this.isReadOnly = true;
    };
    this.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (parameterName === 'in_hot_standby') this.#isOnStandby = parameterValue === 'on';
    });
    this.connection.on('errorMessage', watch);
    this.connection.on('notice', watch);
  }

  /** Whether the login has succeeded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether the server has announced that it ends this session, or the socket is gone. */
  get isDoomed(): boolean {
    return this.#farewell !== undefined || this.#loss !== undefined || this.#isCut;
  }

  /** What ended the connection: the server's farewell, where it said one, else the failure of the socket. */
  get loss(): Error | undefined {
    return this.#loss;
  }

  /** Whether the server has refused a write because it is a standby, and not because the session is read-only. */
  get isOnStandby(): boolean {
    return this.isReadOnly && this.#isOnStandby;
  }

  /** Whether this side has closed it without waiting. */
  get isClosedHere(): boolean {
    return this.#isClosedHere;
  }

  /** SQLSTATE with which the server has announced the end of the session; undefined when it did not. */
  get farewellCode(): string | undefined {
    return this.#farewell?.code;
  }

  /** Whether a statement is running or queued. One whose error has arrived is not running any more. */
  get isBusy(): boolean {
    const { _activeQuery, _queryQueue, _sentQueryQueue } = this as unknown as ClientInternals;
    return Boolean(_activeQuery) || _queryQueue.length > 0 || _sentQueryQueue.length > 0;
  }

  /**
   * Resolves when the server is ready for the next statement: true; or when the connection has ended: false. An error that the server goes on
   * after ends a statement, and one it does not go on after ends the session; which it was, no field of the error tells in every language.
   */
  async isAnswered(): Promise<boolean> {
    if (this.#loss !== undefined || this.readyForQuery) return this.#loss === undefined;
    return new Promise((resolve) => {
      const onReady = (): void => finish(true);
      const onEnd = (): void => finish(false);
      const finish = (answered: boolean): void => {
        this.connection.off('readyForQuery', onReady);
        this.off('end', onEnd);
        resolve(answered);
      };
      this.connection.on('readyForQuery', onReady);
      this.on('end', onEnd);
    });
  }

  /**
   * What `write` sends before it returns goes out in one write under one Sync: behind a statement that fails, none is
   * executed. Each must be one statement, and the pipeline be on. If `write` throws, nothing is sent.
   */
  sendTogether<T>(write: () => T): T {
    const { _queryQueue } = this as unknown as { readonly _queryQueue: Exchange[] };
    const waiting = _queryQueue.length;
    this.#isGathering = true;
    try {
      const written = write();
      const parts = _queryQueue.splice(waiting);
      if (parts.length > 0) _queryQueue.push(new Flight(parts));
      return written;
    } catch (error) {
      this.#drop(_queryQueue.splice(waiting), error);
      throw error;
    } finally {
      this.#isGathering = false;
      this._pulseQueryQueue();
    }
  }

  /** As `query`, of what is no query of node-postgres. */
  send(exchange: Exchange): void {
    const { _queryQueue, _queryable, _ending, connectionParameters } = this as unknown as SendingClient;
    const limitMs = Number(connectionParameters.query_timeout);
    if (limitMs > 0) limitAnswer(this, exchange, limitMs);
    if (!_queryable || _ending) {
      const connection = this.connection as unknown as ConnectionInternals;
      process.nextTick(() => exchange.handleError(new Error('The connection has ended'), connection));
      return;
    }
    _queryQueue.push(exchange);
    this._pulseQueryQueue();
  }

  /** Where node-postgres hears it. */
  _handleCommandComplete(message: { readonly text: string }): void {
    handleCommandComplete.call(this, message);
    this.statements?.noteCommand(message.text);
    this.answerWatch?.onCommand(message.text);
  }

  /** Where node-postgres hears it. */
  _handleReadyForQuery(message: { readonly status: string }): void {
    handleReadyForQuery.call(this, message);
    this.answerWatch?.onReady(message.status);
  }

  /** Sends what waits, where node-postgres would. */
  _pulseQueryQueue(): void {
    if (!this.#isGathering) pulseQueryQueue.call(this);
  }

  /** What waits behind the running statement is not sent, and fails with `reason`. */
  dropQueued(reason: unknown): void {
    const { _queryQueue } = this as unknown as { readonly _queryQueue: QueuedQuery[] };
    this.#drop(_queryQueue.splice(0), reason);
  }

  #drop(queries: readonly QueuedQuery[], reason: unknown): void {
    for (const query of queries) process.nextTick(() => query.handleError(reason, this.connection));
  }

  /** The socket is gone at once; a running query fails. */
  cut(): void {
    this.#isCut = true;
    this.connection.stream.destroy();
  }

  /** As `cut`, and what fails by it is told that this side closed the connection. */
  close(): void {
    this.#isClosedHere = true;
    // Whoever waits for a login that is ended never hears of it, and keeps the timer by which it would be given up.
    if (this.#isReady) this.end(ignore);
    this.cut();
  }
}

const {
  _pulseQueryQueue: pulseQueryQueue,
  _handleCommandComplete: handleCommandComplete,
  _handleReadyForQuery: handleReadyForQuery,
} = pg.Client.prototype as unknown as {
  readonly _pulseQueryQueue: () => void;
  readonly _handleCommandComplete: (message: object) => void;
  readonly _handleReadyForQuery: (message: object) => void;
};

interface SendingClient {
  readonly _queryQueue: Exchange[];
  /** False when the connection is lost. */
  readonly _queryable: boolean;
  readonly _ending: boolean;
  /** In milliseconds, also as a text; none where it is false. */
  readonly connectionParameters: { readonly query_timeout?: number | string | false };
}

/** What node-postgres keeps of its statements and its types do not know. */
interface ClientInternals {
  readonly _activeQuery: unknown;
  readonly _queryQueue: readonly unknown[];
  /** In pipeline mode. */
  readonly _sentQueryQueue: readonly unknown[];
}

/** A query of node-postgres that was not sent yet. */
interface QueuedQuery {
  handleError(reason: unknown, connection: unknown): void;
}

const READ_ONLY_TRANSACTION = '25006';

/** A setting of which the server reports each change. */
interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** What an error or notice of the server says about itself. */
interface ServerMessage {
  readonly severity?: string;
  readonly code?: string;
}

/** An immediate stop or a crash announces itself as a mere warning; every other end of a session is a FATAL. */
function endsSession({ severity, code }: ServerMessage): boolean {
  return severity === 'FATAL' || severity === 'PANIC' || code === '57P01' || code === '57P02';
}

function ignore(): void {}
