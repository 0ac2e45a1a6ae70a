import { InvalidOptionError, MAX_TIMER_MS, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import pg, { type ClientBase } from 'pg';
import { createToken, oldestTokenAt } from './outcome-token';
import type { Companion } from './transaction-session';

/** How outcomes are kept. */
export interface OutcomeLedgerOptions {
  /** Name of the table. Default `holdfast_outcomes`. */
  readonly table?: string;
  /** Its schema. Default: the first of the search path. */
  readonly schema?: string;
  /** An outcome is kept for so long, in milliseconds: an integer of at least 600 000. Default 3 600 000 (an hour). */
  readonly retentionMs?: number;
}

/** Defaults of `outcomeLedger`. */
export const OUTCOME_LEDGER_DEFAULTS = Object.freeze({ table: 'holdfast_outcomes', retentionMs: 3_600_000 });

const SHORTEST_RETENTION_MS = 600_000;
/** Rows deleted by one statement: short enough not to be noticed. */
const SWEEP_ROWS = 1_000;

/**
 * A table in which every transaction leaves a token, so that its outcome can be read after the answer to COMMIT was lost, whatever became of
 * the server meanwhile. Costs one small row for each transaction, and no round trip.
 */
export class OutcomeLedger {
  readonly retentionMs: number;
  readonly #name: string;
  readonly #table: string;

  constructor(options: OutcomeLedgerOptions = {}) {
    requireKnownOptions('outcomeLedger', options, ['table', 'schema', 'retentionMs']);
    const { table, retentionMs, schema } = { ...OUTCOME_LEDGER_DEFAULTS, ...options };
    this.#name = requireName('table', table);
    const prefix = schema === undefined ? '' : `${pg.escapeIdentifier(requireName('schema', schema))}.`;
    this.#table = `${prefix}${pg.escapeIdentifier(table)}`;
    this.retentionMs = requireNumber('retentionMs', retentionMs, {
      min: SHORTEST_RETENTION_MS,
      max: MAX_TIMER_MS,
      integer: true,
    });
  }

  /** The statement that makes the table, for a migration. It can be run again. */
  get createStatement(): string {
    return `
      CREATE TABLE IF NOT EXISTS ${this.#table} (
        token uuid PRIMARY KEY,
        is_committed boolean NOT NULL
      )
    `;
  }

  /** The statement that drops the table, for the way back. */
  get dropStatement(): string {
    return `DROP TABLE IF EXISTS ${this.#table}`;
  }

  /** A new token, never used before, and the statement that leaves it in a transaction. */
  createEntry(): { readonly token: string; readonly companion: Companion } {
    const token = createToken();
    const text = `INSERT INTO ${this.#table} (token, is_committed) VALUES ($1, true)`;
    return { token, companion: { name: `hf_token_${this.#name}`.slice(0, 63), text, values: [token] } };
  }

  /**
   * Settles what became of the transaction with this token, for good: either its row is there, or a row in its place
   * keeps it from ever being committed. If it is still going on, this waits for its end.
   */
  async settle(client: ClientBase, token: string): Promise<'committed' | 'aborted'> {
    await client.query(
      `INSERT INTO ${this.#table} (token, is_committed) VALUES ($1, false) ON CONFLICT DO NOTHING`,
      [token],
    );
    const { rows } = await client.query<{ isCommitted: boolean }>(
      `SELECT is_committed AS "isCommitted" FROM ${this.#table} WHERE token = $1`,
      [token],
    );
    return rows[0]?.isCommitted === true ? 'committed' : 'aborted';
  }

  /** Deletes outcomes that are older than the retention, a bounded number at once. @returns how many. */
  async sweep(client: ClientBase): Promise<number> {
    const { rowCount } = await client.query(
      `
      DELETE FROM ${this.#table}
      WHERE token IN (
        SELECT token FROM ${this.#table} WHERE token < $1 ORDER BY token LIMIT ${SWEEP_ROWS} FOR UPDATE SKIP LOCKED
      )
    `,
      [oldestTokenAt(Date.now() - this.retentionMs)],
    );
    return rowCount ?? 0;
  }
}

/**
 * Describes the ledger of a unit of work. Its table must exist: run `createStatement` in a migration.
 * @throws InvalidOptionError naming the option, the value and what is allowed.
 */
export function outcomeLedger(options?: OutcomeLedgerOptions): OutcomeLedger {
  return new OutcomeLedger(options);
}

function requireName(option: string, name: unknown): string {
  if (typeof name === 'string' && name.length > 0 && Buffer.byteLength(name) <= 63 && !name.includes('\0')) {
    return name;
  }
  throw new InvalidOptionError(option, name, 'a name of 1 to 63 bytes');
}
