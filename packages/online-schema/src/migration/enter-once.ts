import type { QueryRunner } from 'typeorm';
import { quoteLedger } from './ledger-table';

type Query = (statement: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;

const guarded = new WeakSet<QueryRunner>();

/**
 * From now on a migration that another run has entered in the ledger meanwhile is not entered a second time through
 * this runner. TypeORM's own command reads the ledger before it waits for a step, and writes to it afterwards without
 * looking again; nothing of ours runs in between, so it is met at the statement. `holdfast migrate` reads and writes
 * the ledger under the lock, and needs none of this.
 */
export function enterOnce(
  runner: QueryRunner,
  withLock: (work: () => Promise<unknown>) => Promise<unknown>,
): void {
  if (guarded.has(runner)) return;
  guarded.add(runner);
  const ledger = quoteLedger(runner.dataSource);
  const entry = `INSERT INTO ${ledger}(`;
  const query: Query = runner.query.bind(runner) as Query;
  const guardedQuery: Query = async (statement, parameters, structured) => {
    const name: unknown = parameters?.[1];
    // Whoever waits for the lock inside a transaction may be waited for by its holder.
    if (!statement.startsWith(entry) || typeof name !== 'string' || runner.isTransactionActive)
      return query(statement, parameters, structured);
    return withLock(async () => {
      const found = (await query(`select 1 from ${ledger} where name = $1`, [name])) as unknown[];
      return found.length === 0
        ? query(statement, parameters, structured)
        : query('select 1 where false', [], structured);
    });
  };
  runner.query = guardedQuery as QueryRunner['query'];
}
