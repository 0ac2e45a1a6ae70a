import { createUnitOfWork, type UnitOfWork } from '@holdfast/postgres';
import type { Pool, PoolClient } from 'pg';
import type { Reported } from './books';
import { type Layers, LEDGER } from './layers';
import { chooseAccount } from './look-ups';
import type { Way } from './way';

/** How the ways are called. "Again" is the control. */
export const TRANSACTION = Object.freeze({
  pgUnnamed: 'pg by hand, unnamed statements',
  pgAgain: 'pg by hand, unnamed statements, again',
  pgNamed: 'pg by hand, named statements',
  holdfast: 'Holdfast, unit of work',
  holdfastLedger: 'Holdfast, unit of work with a ledger',
  typeorm: 'TypeORM, dataSource.transaction',
});

type Query = (text: string, values: number[]) => Promise<unknown>;

const UPDATE = 'UPDATE accounts SET balance = balance + $2 WHERE id = $1';
const INSERT = 'INSERT INTO entries (account_id, amount) VALUES ($1, $2)';
const AMOUNT = 1;

/** Transactions that change an account and insert an entry. */
export function listTransactions(
  { pg, pgAgain, holdfast, typeorm }: Layers,
  reported: Reported,
): [Way, ...Way[]] {
  const transact = (name: string, run: (turn: number) => Promise<void>): Way => ({
    name,
    run: async (turn) => {
      await run(turn);
      reported.transactions += 1;
    },
    // The books tell, afterwards.
    isRight: () => true,
  });
  const byHand = (pool: Pool, queryOn: (client: PoolClient) => Query) => async (turn: number) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await work(queryOn(client), turn);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };
  const unnamed = (client: PoolClient) => (text: string, values: number[]) => client.query(text, values);
  const named = (client: PoolClient) => (text: string, values: number[]) =>
    client.query({ name: text, text, values });
  const inUnit = (unit: UnitOfWork) => (turn: number) =>
    unit.run((manager) => work((text, values) => manager.query(text, values), turn));
  return [
    transact(TRANSACTION.pgUnnamed, byHand(pg, unnamed)),
    transact(TRANSACTION.pgAgain, byHand(pgAgain, unnamed)),
    transact(TRANSACTION.pgNamed, byHand(pg, named)),
    transact(TRANSACTION.holdfast, inUnit(createUnitOfWork(holdfast))),
    transact(TRANSACTION.holdfastLedger, inUnit(createUnitOfWork(holdfast, { ledger: LEDGER }))),
    transact(TRANSACTION.typeorm, (turn) =>
      typeorm.transaction((manager) => work((text, values) => manager.query(text, values), turn)),
    ),
  ];
}

async function work(query: Query, turn: number): Promise<void> {
  const id = chooseAccount(turn);
  await query(UPDATE, [id, AMOUNT]);
  await query(INSERT, [id, AMOUNT]);
}
