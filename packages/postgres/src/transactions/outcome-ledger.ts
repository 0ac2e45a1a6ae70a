import { createHash } from 'node:crypto';
import { InvalidOptionError, MAX_TIMER_MS, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import pg, { type ClientBase } from 'pg';
import type { NamedText } from '../statements/reserved-query';
import type { OutcomeEntry } from './commit';
import { createToken, oldestTokenAt, readTokenTime } from './outcome-token';

/** How outcomes are kept. */
export interface OutcomeLedgerOptions {
  /** Name of the table. Default `holdfast_outcomes`. */
  readonly table?: string;
  /** Its schema: always named, because the search path of a session may lead elsewhere. Default `public`. */
  readonly schema?: string;
  /** An outcome is kept for so long, in milliseconds: an integer of at least 600 000. Default 3 600 000 (an hour). */
  readonly retentionMs?: number;
}

/** Defaults of `outcomeLedger`. */
export const OUTCOME_LEDGER_DEFAULTS = Object.freeze({
  table: 'holdfast_outcomes',
  schema: 'public',
  retentionMs: 3_600_000,
});

const SHORTEST_RETENTION_MS = 600_000;
/** Rows deleted by one statement: short enough not to be noticed. */
const SWEEP_ROWS = 1_000;

/**
 * A table in which every transaction leaves a token, so that its outcome can be read after the answer to COMMIT was lost,
 * whatever became of the server meanwhile. Costs one small row for each transaction, and no round trip.
 */
export class OutcomeLedger {
  readonly retentionMs: number;
  /** Its table, quoted, with its schema. */
  readonly table: string;
  readonly #leaveToken: NamedText;

  constructor(options: OutcomeLedgerOptions = {}) {
    requireKnownOptions('outcomeLedger', options, ['table', 'schema', 'retentionMs']);
    const { table, retentionMs, schema } = { ...OUTCOME_LEDGER_DEFAULTS, ...options };
    const names = [requireName('schema', schema), requireName('table', table)];
    this.table = names.map((name) => pg.escapeIdentifier(name)).join('.');
    const text = `INSERT INTO ${this.table} (token, is_committed) VALUES ($1, true)`;
    this.#leaveToken = Object.freeze({
      name: `hf_${createHash('sha256').update(text).digest('hex')}`.slice(0, 63),
      text,
    });
    this.retentionMs = requireNumber('retentionMs', retentionMs, {
      min: SHORTEST_RETENTION_MS,
      max: MAX_TIMER_MS,
      integer: true,
    });
  }

  /** The statement that makes the table, for a migration. It can be run again. */
  get createStatement(): string {
    return `
      CREATE TABLE IF NOT EXISTS ${this.table} (
        token uuid PRIMARY KEY,
        is_committed boolean NOT NULL
      )
    `;
  }

  /** The statement that drops the table, for the way back. */
  get dropStatement(): string {
    return `DROP TABLE IF EXISTS ${this.table}`;
  }

  /** A new token, never used before, and the statement that leaves it in a transaction. */
  createEntry(): OutcomeEntry {
    const token = createToken();
    return { token, statement: this.#leaveToken };
  }

  /**
   * Settles what became of the transaction with this token, for good: either its row is there, or a row in its place
   * keeps it from ever being committed. If it is still going on, this waits for its end. Undefined when the token is so
   * old that its row may have been swept.
   */
  async settle(client: ClientBase, token: string): Promise<'committed' | 'aborted' | undefined> {
    const found = await this.#find(client, token);
    if (found !== undefined) return found;
    const nowMs = await readServerTime(client);
    if (readTokenTime(token) < nowMs - this.retentionMs / 2) return undefined;
    await client.query(
      `INSERT INTO ${this.table} (token, is_committed) VALUES ($1, false) ON CONFLICT DO NOTHING`,
      [token],
    );
    return this.#find(client, token);
  }

  /** Deletes outcomes that are older than the retention, a bounded number at once. @returns how many. */
  async sweep(client: ClientBase): Promise<number> {
    const oldest = oldestTokenAt((await readServerTime(client)) - this.retentionMs);
    const { rowCount } = await client.query(
      `
      DELETE FROM ${this.table}
      WHERE token IN (
        SELECT token FROM ${this.table} WHERE token < $1 ORDER BY token LIMIT ${SWEEP_ROWS} FOR UPDATE SKIP LOCKED
      )
    `,
      [oldest],
    );
    return rowCount ?? 0;
  }

  async #find(client: ClientBase, token: string): Promise<'committed' | 'aborted' | undefined> {
    const { rows } = await client.query<{ isCommitted: boolean }>(
      `SELECT is_committed AS "isCommitted" FROM ${this.table} WHERE token = $1`,
      [token],
    );
    const [row] = rows;
    return row && (row.isCommitted ? 'committed' : 'aborted');
  }
}

/** Milliseconds since 1970 by the one clock that all clients share. */
async function readServerTime(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ nowMs: string }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "nowMs"`,
  );
  return Number(rows[0]?.nowMs);
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
