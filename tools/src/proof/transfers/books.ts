import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { withClient } from '../../measurement/with-client';
import type { Setting } from './setting';
import type { Transfer } from './transfer';

/** A transfer that the server has applied. One that was applied twice is there twice. */
export type Entry = Pick<Transfer, 'id' | 'from' | 'to' | 'amount'>;

/** What the server says after a run. */
export interface Books {
  readonly entries: readonly Entry[];
  /** Of each account, from account 1 on. */
  readonly balances: readonly number[];
}

/** Connections that were cut end soon, in milliseconds; none may be left to apply anything later. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 20;

/** The books are new: every account holds what it holds at first, and nothing has been transferred. */
export async function openBooks(
  url: string,
  { accounts, startBalance }: Setting,
  furtherStatement: string,
): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`
      DROP TABLE IF EXISTS accounts, transfers;
      CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL CHECK (balance >= 0));
      CREATE TABLE transfers (id int NOT NULL, from_id int NOT NULL, to_id int NOT NULL, amount int NOT NULL);
      CREATE INDEX ON transfers (id);
    `);
    await client.query('INSERT INTO accounts SELECT id, $2 FROM generate_series(1, $1::int) AS id', [
      accounts,
      startBalance,
    ]);
    await client.query(furtherStatement);
  });
}

/** Applies a transfer within a transaction: two accounts, and an entry. */
export async function applyTransfer(manager: EntityManager, transfer: Transfer): Promise<void> {
  for (const [text, values] of listWrites(transfer)) await manager.query(text, values);
}

/** The same, sent with COMMIT, behind a lock of the account that pays. */
export async function applyWithCommit(
  manager: EntityManager,
  transfer: Transfer,
  { commitWith }: Transaction,
): Promise<void> {
  await manager.query('SELECT balance FROM accounts WHERE id = $1 FOR UPDATE', [transfer.from]);
  for (const [text, values] of listWrites(transfer)) commitWith(text, values);
}

function listWrites({ id, from, to, amount }: Transfer): readonly (readonly [string, number[]])[] {
  return [
    ['UPDATE accounts SET balance = balance - $2 WHERE id = $1', [from, amount]],
    ['UPDATE accounts SET balance = balance + $2 WHERE id = $1', [to, amount]],
    ['INSERT INTO transfers (id, from_id, to_id, amount) VALUES ($1, $2, $3, $4)', [id, from, to, amount]],
  ];
}

/** Whether a transfer is in the books. */
export async function isEntered(manager: EntityManager, { id }: Transfer): Promise<boolean> {
  const rows: readonly unknown[] = await manager.query('SELECT FROM transfers WHERE id = $1', [id]);
  return rows.length > 0;
}

/** Reads the books when nobody is left who could still change them. */
export async function readBooks(url: string): Promise<Books> {
  return withClient(url, async (client) => {
    const giveUpAtMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const { rows } = await client.query<{ others: number }>(`
        SELECT count(*)::int AS others
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      `);
      if (rows[0]?.others === 0) break;
      if (performance.now() > giveUpAtMs) throw new Error('connections to the server do not end');
      await sleep(PAUSE_MS);
    }
    const entries = await client.query<Entry>(
      'SELECT id, from_id AS "from", to_id AS "to", amount FROM transfers ORDER BY id',
    );
    const accounts = await client.query<{ balance: number }>('SELECT balance FROM accounts ORDER BY id');
    return { entries: entries.rows, balances: accounts.rows.map(({ balance }) => balance) };
  });
}
