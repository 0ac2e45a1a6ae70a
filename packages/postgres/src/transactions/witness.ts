import { performance } from 'node:perf_hooks';
import type { PooledClient } from '../connection/pooled-client';
import type { HoldfastPool } from '../pool/pool';
import { END_IF_GOING_ON } from './lost-backend';

/** What PostgreSQL says of a transaction id; null: too old to be known. */
export type TransactionStatus = 'in progress' | 'committed' | 'aborted' | null;

/** After a failure to open, so long passes until the next try, in milliseconds. */
const RETRY_MS = 1_000;
/** A witness that was replaced is closed after so long, in milliseconds. */
const RETIREMENT_MS = 60_000;
/** Longest wait for an answer. A witness that is silent for longer is none. */
const ANSWER_MS = 2_000;

/**
 * A connection that watches the server. `pg_xact_status` answers for whichever transaction has an id *now*: a crash
 * forgets ids that were not flushed, and the next transactions get them again. A crash also ends every connection. So an
 * answer that arrives on a connection that was open before the transaction began is about that transaction, and no other
 * answer proves anything.
 */
export class Witness {
  readonly #pool: HoldfastPool;
  #client: PooledClient | undefined;
  #isOpening = false;
  #openAgainAtMs = 0;

  constructor(pool: HoldfastPool) {
    this.#pool = pool;
  }

  /** Opens it in the background, unless it is open. */
  prepare(): void {
    if (this.#client === undefined || this.#client.isDoomed) this.#open();
  }

  /**
   * Returns the watch under which a transaction may begin on the given connection; undefined when there is none at this
   * moment, or it looks at another server. It is opened in the background, so that no transaction waits for it.
   */
  watch({ identity }: PooledClient): Watch | undefined {
    const client = this.#client;
    if (client === undefined || client.isDoomed) {
      this.#open();
      return undefined;
    }
    if (client.identity?.instance === identity?.instance) return new Watch(client);
    // After a failover the old server may live on, and the witness with it. Those who began under it keep it.
    this.#open();
    return undefined;
  }

  #open(): void {
    if (this.#isOpening || this.#pool.ending || performance.now() < this.#openAgainAtMs) return;
    this.#isOpening = true;
    this.#pool.openSeparately().then(
      (client) => {
        this.#isOpening = false;
        // Through a pooler, what is open is the way to the pooler.
        if (client.identity?.isPooled) return this.#giveUp(client);
        this.#openAgainAtMs = performance.now() + RETRY_MS;
        this.#retire(this.#client);
        this.#client = client;
      },
      () => {
        this.#isOpening = false;
        this.#openAgainAtMs = performance.now() + RETRY_MS;
      },
    );
  }

  /** Those who began under it may still have to ask. */
  #retire(client: PooledClient | undefined): void {
    if (client) setTimeout(() => client.close(), RETIREMENT_MS).unref();
  }

  #giveUp(client: PooledClient): void {
    client.close();
    this.#openAgainAtMs = Number.POSITIVE_INFINITY;
  }
}

const WITNESSES = new WeakMap<HoldfastPool, Witness>();

/** Returns the one witness of a pool's server. */
export function witnessOf(pool: HoldfastPool): Witness {
  const known = WITNESSES.get(pool);
  if (known) return known;
  const witness = new Witness(pool);
  WITNESSES.set(pool, witness);
  return witness;
}

/** A connection that has been open since before a transaction began. */
export class Watch {
  readonly #client: PooledClient;

  constructor(client: PooledClient) {
    this.#client = client;
  }

  /** Whether the server has not crashed since, as far as is known. */
  get isAlive(): boolean {
    return !this.#client.isDoomed;
  }

  /** Asks for the outcome of a transaction that began under this watch. @throws when the watch has ended. */
  async readStatus(transactionId: string): Promise<TransactionStatus> {
    const { rows } = await this.#ask<{ status: TransactionStatus }>(
      `SELECT pg_xact_status($1::xid8) AS "status"`,
      [transactionId],
    );
    return rows[0]?.status ?? null;
  }

  /** Ends the backend that still has a transaction open, and no other. @throws when the watch has ended. */
  async terminate(backendPid: number, transactionId: string): Promise<void> {
    await this.#ask(END_IF_GOING_ON, [backendPid, transactionId]);
  }

  async #ask<R extends object>(text: string, values: unknown[]) {
    if (!this.isAlive) throw this.#client.loss ?? new Error('The witness is gone');
    const timer = setTimeout(() => this.#client.cut(), ANSWER_MS);
    try {
      return await this.#client.query<R>(text, values);
    } finally {
      clearTimeout(timer);
    }
  }
}
