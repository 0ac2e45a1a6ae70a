import type { QueryResult } from 'pg';
import { type DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import type { Lease } from '../pool/lease';
import { sendHeard } from '../repository/heard-statement';
import type { TransactionSession } from './transaction-session';

/** What a query runner notes of its transaction and its types do not show. */
interface RunnerState {
  isTransactionActive: boolean;
  /** How many are open, one in the other. */
  transactionDepth: number;
}

const START = 'START TRANSACTION';
const COMMIT = 'COMMIT';
/** What a runner is watched by, where its own are replaced. */
const DEEDS = ['query', 'startTransaction', 'commitTransaction'] as const;

/**
 * The runner counts as being in a transaction, if this returns true: nobody but the logger can hear of it, and TypeORM would take a dozen
 * promises to tell nobody. If it returns false, the runner is to start it.
 */
export function startUnheard(runner: QueryRunner, lease: Lease, session: TransactionSession): boolean {
  const { dataSource } = runner;
  if (lease.client.loss !== undefined || !isUnheard(runner) || hasOwnIsolation(dataSource)) return false;
  dataSource.logger.logQuery(START, undefined, runner);
  session.start();
  const state = runner as unknown as RunnerState;
  state.isTransactionActive = true;
  state.transactionDepth += 1;
  return true;
}

/** As the runner's own `commitTransaction`, which is asked where somebody hears of it. @throws QueryFailedError */
export async function commitTransaction(runner: QueryRunner, lease: Lease): Promise<void> {
  const state = runner as unknown as RunnerState;
  if (state.transactionDepth !== 1 || !state.isTransactionActive || !isUnheard(runner)) {
    await runner.commitTransaction();
    return;
  }
  const send = () => lease.query(COMMIT) as Promise<QueryResult>;
  const describe = (error: unknown) => new QueryFailedError(COMMIT, undefined, error as Error);
  await sendHeard({ dataSource: runner.dataSource, runner, text: COMMIT, values: [] }, send, describe);
  state.isTransactionActive = false;
  state.transactionDepth -= 1;
}

/** Whether nobody subscribes, and nobody has put something of his own in front of what the runner does. */
function isUnheard(runner: QueryRunner): boolean {
  return runner.dataSource.subscribers.length === 0 && !DEEDS.some((name) => Object.hasOwn(runner, name));
}

/** Of the program's own, which TypeORM sets with a statement. */
function hasOwnIsolation({ options }: DataSource): boolean {
  return (options as { readonly isolationLevel?: unknown }).isolationLevel !== undefined;
}
