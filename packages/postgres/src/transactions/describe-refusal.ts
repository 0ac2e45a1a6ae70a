import { readErrorCode } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import { unwrapAbort } from './commit-failure';
import type { OutcomeLedger } from './outcome-ledger';
import { OutcomeLedgerError } from './outcome-ledger-error';
import { TransactionAbortedError } from './transaction-aborted-error';
import type { TransactionSession } from './transaction-session';

/** What a COMMIT that the server has refused is explained by. */
interface RefusalFacts {
  readonly session: TransactionSession;
  readonly ledger: OutcomeLedger | undefined;
  /** What failed first in the transaction, as far as its connection has seen it. */
  readonly firstFailure: unknown;
}

/** What a statement fails with in a transaction that has failed before. */
const IN_FAILED_TRANSACTION = '25P02';

/** Why a transaction was not committed, whose COMMIT the server did not come to: what stands in front of it has failed. */
export function describeSkip(error: unknown, facts: RefusalFacts): unknown {
  const { session, firstFailure } = facts;
  const { writeFailure } = session.commit;
  // An earlier one, which the work has not waited for, says why.
  if (readErrorCode(writeFailure) === IN_FAILED_TRANSACTION) {
    return tagPhase(new TransactionAbortedError(firstFailure ?? writeFailure), 'in-transaction');
  }
  return session.openingFailure ?? writeFailure ?? describeRefusal(error, facts);
}

/** Why the server has refused a COMMIT. */
export function describeRefusal(
  error: unknown,
  { session, ledger }: Omit<RefusalFacts, 'firstFailure'>,
): unknown {
  const { entryFailure } = session.commit;
  if (entryFailure === undefined || ledger === undefined) return unwrapAbort(error);
  return tagPhase(new OutcomeLedgerError(ledger.table, entryFailure), 'in-transaction');
}
