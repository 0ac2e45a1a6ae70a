import { createRepository, type EntityRepository } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { IdempotencyRecord } from '../entities/idempotency-record.entity';

/** A key as one tenant uses it. */
export interface IdempotencyKey {
  /** Whose key it is: the organization that the transaction acts for, or EVERY_TENANT for an operator. */
  readonly scope: string;
  readonly key: string;
}

export type NewIdempotencyRecord = Omit<IdempotencyRecord, 'createdAt' | 'expiresAt'>;

/** Sends a statement now, or later in the same transaction. */
type Send = (text: string, values: unknown[]) => unknown;

/** How long a request can be repeated. */
const RETENTION_HOURS = 24;

/** Questions about requests that were done under a key. */
export class IdempotencyRepository {
  readonly #manager: EntityManager;
  readonly #records: EntityRepository<IdempotencyRecord>;

  constructor(manager: EntityManager) {
    this.#manager = manager;
    this.#records = createRepository(manager, IdempotencyRecord);
  }

  /**
   * Takes the key until the transaction ends. Resolves to whether it was free: otherwise another call runs under it. Two
   * keys with the same 64 bits keep each other waiting, and nothing worse.
   */
  async tryLock({ scope, key }: IdempotencyKey): Promise<boolean> {
    const [row] = await this.#manager.query<{ locked: boolean }[]>(
      'select pg_try_advisory_xact_lock(hashtextextended($2, hashtextextended($1, 0))) as locked',
      [scope, key],
    );
    return row?.locked === true;
  }

  /** The record under a key, unless it has expired. Index: idempotency_keys_pkey. */
  async find({ scope, key }: IdempotencyKey): Promise<IdempotencyRecord | null> {
    const [record] = await this.#records.query(
      `select ${this.#records.columnsOf('r')} from idempotency_keys r
       where r.scope = $1 and r.key = $2 and r.expires_at > now()`,
      [scope, key],
    );
    return record ?? null;
  }

  /**
   * Writes a record, in place of one that has expired. The key must be locked, and free.
   * @param send as `commitWith` of a unit of work. Default: now.
   */
  async write(
    record: NewIdempotencyRecord,
    send: Send = (text, values) => this.#manager.query(text, values),
  ): Promise<void> {
    const { scope, key, fingerprint, callId, status, headers, body } = record;
    await send(WRITE, [
      scope,
      key,
      fingerprint,
      callId,
      status,
      JSON.stringify(headers),
      body,
      RETENTION_HOURS,
    ]);
  }

  /**
   * Deletes up to `limit` expired records, at most 10,000, of all tenants, and passes over those that somebody else holds. Resolves
   * to how many. Index: idx_idempotency_keys_expires.
   */
  async deleteExpired(limit: number): Promise<number> {
    const [row] = await this.#manager.query<[{ deleted: number }]>(
      'select tenancy.sweep_idempotency_keys($1)::integer as deleted',
      [limit],
    );
    return row.deleted;
  }
}

const WRITE = `
  insert into idempotency_keys (scope, key, fingerprint, call_id, status, headers, body, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(hours => $8))
  on conflict (scope, key) do update set
    fingerprint = excluded.fingerprint, call_id = excluded.call_id, status = excluded.status,
    headers = excluded.headers, body = excluded.body,
    created_at = excluded.created_at, expires_at = excluded.expires_at`;
