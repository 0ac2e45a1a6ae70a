import type { StructuredLogger } from '@holdfast/resilience';
import type { PooledClient } from '../connection/pooled-client';
import type { CacheFill } from './cache-fill';
import { SharedStatements } from './shared-statements';
import { StatementCache, type StatementCacheTerms } from './statement-cache';
import type { Pooler, StatementSettings } from './statement-settings';

interface SessionTerms extends Required<StatementSettings> {
  /** What logs call the pool. */
  readonly pool: string;
  /** In milliseconds; left to the server when undefined. */
  readonly statementTimeoutMs: number | undefined;
  readonly logger: StructuredLogger | undefined;
}

/** What is kept for the sessions of one pool. */
export interface SessionCaches {
  /** Texts that were used once, by their names. */
  readonly seenTexts: CacheFill;
  /** What each open connection holds on the server. */
  readonly connections: readonly {
    readonly backendPid: number | undefined;
    readonly statements: CacheFill;
  }[];
}

/** What the sessions of one pool may keep on the server, which depends on whether the server connection is theirs. */
export class SessionPolicy {
  readonly #terms: SessionTerms;
  readonly #shared = new SharedStatements();
  readonly #open = new Map<PooledClient, StatementCache>();
  #hasWarned = false;

  constructor(terms: SessionTerms) {
    this.#terms = terms;
  }

  get caches(): SessionCaches {
    return {
      seenTexts: this.#shared.seen.fill,
      connections: [...this.#open].map(([{ identity }, cache]) => ({
        backendPid: identity?.backendPid,
        statements: cache.fill,
      })),
    };
  }

  /** A client whose identity is known prepares statements, and its session has its timeout, as far as that is safe. */
  async apply(client: PooledClient): Promise<void> {
    const { maxPreparedStatements, statementTimeoutMs } = this.#terms;
    const isPooled = client.identity?.isPooled ?? false;
    const pooler = this.#judge(isPooled);
    const prepares = maxPreparedStatements > 0 && pooler !== 'transaction';
    const ownsSession = pooler === 'none' || pooler === 'session';
    this.#warn(isPooled, pooler, { prepares, ownsSession });
    client.statements = prepares
      ? this.#openCache(client, { maxStatements: maxPreparedStatements, ownsSession })
      : undefined;
    if (statementTimeoutMs === undefined || !ownsSession) return;
    await client.query(`SELECT set_config('statement_timeout', $1, false)`, [`${statementTimeoutMs}ms`]);
  }

  #openCache(client: PooledClient, terms: StatementCacheTerms): StatementCache {
    const cache = new StatementCache(client, terms, this.#shared);
    this.#open.set(client, cache);
    client.once('end', () => this.#open.delete(client));
    return cache;
  }

  #judge(isPooled: boolean): Exclude<Pooler, 'auto'> {
    const { pooler } = this.#terms;
    if (pooler !== 'auto') return pooler;
    return isPooled ? 'transaction' : 'none';
  }

  #warn(
    isPooled: boolean,
    assumed: Pooler,
    { prepares, ownsSession }: { readonly prepares: boolean; readonly ownsSession: boolean },
  ): void {
    const { pool, pooler, statementTimeoutMs, logger } = this.#terms;
    const isSurprise = isPooled && (pooler === 'auto' || pooler === 'none');
    const losesTimeout = statementTimeoutMs !== undefined && !ownsSession;
    if (this.#hasWarned || (!isSurprise && !losesTimeout)) return;
    this.#hasWarned = true;
    logger?.warn('A pooler stands in front of the server; the setting "pooler" says which kind', {
      pool,
      detected: isPooled,
      pooler: assumed,
      preparesStatements: prepares,
      setsStatementTimeout: statementTimeoutMs !== undefined && ownsSession,
    });
  }
}
