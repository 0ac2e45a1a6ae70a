import { performance } from 'node:perf_hooks';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { PoolClient, QueryConfig, QueryResult, Submittable } from 'pg';
import { explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import type { PostgresEmitter } from '../events/postgres-events';
import { currentReadSession, noteStatement } from '../replicas/read-session';
import { type LocalSetting, NO_SETTINGS } from '../statements/local-settings';
import { sendWithSettings } from '../statements/settings-query';
import { TransactionAbortedError } from '../transactions/transaction-aborted-error';
import type { CallSite } from './call-site';
import { ConnectionReleasedError, SettingsNotSentError } from './pool-error';
import {
  endsTransaction,
  isSingleStatement,
  leavesFailure,
  readOperation,
  startsTransaction,
} from './statement-text';

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

/** Stands between a lease and its connection, and decides what is sent. */
export interface StatementGate {
  /** @param forward Writes a statement to the connection before it returns. */
  send(text: string, forward: (text: string) => Promise<QueryResult>): Promise<QueryResult>;
  /** Something that talks to the connection itself is about to be let through: now, or when the promise resolves. */
  submit(): Promise<void> | undefined;
}

/** A statement that listeners will be told of. */
interface SentStatement {
  /** As it is sent, which a gate decides. */
  text: string;
  readonly startedMs: number;
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
  /** What events call its pool. */
  readonly pool: string;
  readonly #events: PostgresEmitter;
  readonly #giveBack: (error?: Error | boolean) => void;
  #waitMs: number;
  #isOver = false;
  #running = 0;
  #refusal: { readonly reason: unknown } | undefined;
  #onIdle: (() => void) | undefined;
  #firstFailure: unknown;

  constructor(client: PooledClient, { pool, events, waitMs, site, giveBack }: LeaseTerms) {
    this.client = client;
    this.site = site;
    this.pool = pool;
    this.#events = events;
    this.#waitMs = waitMs;
    this.#giveBack = giveBack;
    this.face = new Proxy(client as unknown as PoolClient, new LeaseHandler(this));
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

  /** No statement is sent from now on; each fails with `reason`. */
  refuse(reason: unknown): void {
    this.#refusal ??= { reason };
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

  /** Cursors and copy streams talk to the connection themselves. */
  #submit(query: Submittable): unknown {
    if (this.#isOver) throw new ConnectionReleasedError();
    if (this.#refusal) throw this.#refusal.reason;
    if (this.settings.length > 0) throw new SettingsNotSentError();
    if (this.gate === undefined) noteStatement((query as { readonly text?: string }).text ?? 'COPY');
    // It may be a COPY into a table.
    if (this.gate === undefined) currentReadSession()?.noteWrite();
    const ready = this.gate?.submit();
    if (ready === undefined) return this.client.query(query);
    void ready.then(() => this.client.query(query));
    return query;
  }

  async #run(config: string | QueryConfig, values: unknown[] | undefined): Promise<QueryResult> {
    const { client } = this;
    const text = typeof config === 'string' ? config : config.text;
    if (this.#isOver) throw new ConnectionReleasedError();
    if (this.#refusal) throw this.#refusal.reason;
    const status = client.getTransactionStatus();
    if (status === 'I' || leavesFailure(text)) this.#firstFailure = undefined;
    if (client.loss !== undefined) {
      throw tagPhase(explainFailure(client, client.loss), status === 'I' ? 'acquire' : 'in-transaction');
    }
    const isCommit = endsTransaction(text);
    if (isCommit && status === 'E') throw this.#refuseCommit();
    const waitMs = this.#waitMs;
    this.#waitMs = 0;
    if (this.gate === undefined) noteStatement(text);
    const told = this.#events.isHeard('operation') ? { text, startedMs: performance.now() } : undefined;
    let result: QueryResult;
    this.#running += 1;
    try {
      result = await this.#admit(config, text, values, told);
      this.#settle();
    } catch (error) {
      this.#settle();
      const failure = explainFailure(client, error);
      if (status === 'T') this.#firstFailure ??= failure;
      // A text of several statements may have committed some of them.
      if (isCommit) tagPhase(failure, 'commit');
      else if (isSingleStatement(text) && (status !== 'I' || startsTransaction(text))) {
        tagPhase(failure, 'in-transaction');
      }
      if (told) this.#tell(told, waitMs, undefined, failure);
      throw failure;
    }
    if (told) this.#tell(told, waitMs, result, undefined);
    if (isCommit && result.command === 'ROLLBACK') throw this.#refuseCommit();
    return result;
  }

  /** @param told learns what a gate sends instead. */
  #admit(
    config: string | QueryConfig,
    text: string,
    values: unknown[] | undefined,
    told: SentStatement | undefined,
  ): Promise<QueryResult> {
    const { gate } = this;
    if (gate === undefined) return this.#send(config, text, values);
    return gate.send(text, (sent) => {
      if (sent === text) return this.#send(config, text, values);
      if (told) told.text = sent;
      return this.#send(sent, sent, undefined);
    });
  }

  #send(config: string | QueryConfig, text: string, values: unknown[] | undefined): Promise<QueryResult> {
    const { client, settings } = this;
    const { statements } = client;
    if (statements !== undefined && typeof config === 'string' && statements.accepts(text, values)) {
      return statements.run(text, values as unknown[], settings);
    }
    if (settings.length > 0 && !controlsTransaction(text)) {
      const given = values ?? (typeof config === 'string' ? undefined : config.values);
      return sendWithSettings(client, text, given ?? [], settings);
    }
    return values === undefined ? client.query(config as string) : client.query(config as string, values);
  }

  #settle(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle?.();
  }

  #refuseCommit(): Error {
    return tagPhase(new TransactionAbortedError(this.#firstFailure), 'in-transaction');
  }

  #tell(
    { text, startedMs }: SentStatement,
    waitMs: number,
    result: QueryResult | undefined,
    error: unknown,
  ): void {
    const durationMs = performance.now() - startedMs;
    this.#events.emit('operation', {
      pool: this.pool,
      text,
      operation: readOperation(text),
      startedAtMs: Date.now() - durationMs,
      durationMs,
      waitMs,
      rowCount: result?.rowCount ?? undefined,
      isPrepared: this.client.statements?.isPrepared(text) ?? false,
      error,
    });
  }
}

/** A failed transaction takes no setting, and must be left all the same. */
function controlsTransaction(text: string): boolean {
  return startsTransaction(text) || endsTransaction(text) || leavesFailure(text);
}

/** Asks a face for its lease. A map with weak keys would cost the garbage collector more than all the rest of a lease does. */
const LEASE = Symbol('lease');

/** Returns the lease behind what a caller holds, or undefined when it is none. */
export function readLease(connection: object): Lease | undefined {
  return (connection as { readonly [LEASE]?: Lease })[LEASE];
}

/**
 * A caller that listens for the death of its connection would hear it twice: its next statement says it too, and says
 * why. TypeORM would even forget the cause: its query runner counts itself as released.
 */
const LISTENING = new Set<PropertyKey>([
  'on',
  'once',
  'addListener',
  'prependListener',
  'off',
  'removeListener',
]);

class LeaseHandler implements ProxyHandler<PoolClient> {
  readonly #lease: Lease;

  constructor(lease: Lease) {
    this.#lease = lease;
  }

  get(target: PoolClient, name: PropertyKey, face: PoolClient): unknown {
    if (name === 'query') return this.#lease.query;
    if (name === 'release') return this.#lease.release;
    if (name === LEASE) return this.#lease;
    const value: unknown = Reflect.get(target, name, target);
    // The client's private fields are not the proxy's. Its class is no method.
    if (typeof value !== 'function' || name === 'constructor') return value;
    if (!LISTENING.has(name)) return value.bind(target);
    return (event: string, listener: unknown) => {
      if (event !== 'error') value.call(target, event, listener);
      return face;
    };
  }

  set(target: PoolClient, name: PropertyKey, value: unknown): boolean {
    return Reflect.set(target, name, value, target);
  }
}

function isSubmittable(config: unknown): config is Submittable {
  return (
    typeof config === 'object' && config !== null && typeof (config as Submittable).submit === 'function'
  );
}
