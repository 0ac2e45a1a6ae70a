import { tagPhase } from '@holdfast/resilience/postgres';
import { readOperation } from '../pool/statement-text';

/** The work of a unit of work tried to end its transaction itself. The statement was not sent. */
export class TransactionControlError extends Error {
  override readonly name = 'TransactionControlError';
  readonly code = 'TRANSACTION_CONTROL';

  constructor(readonly statement: string) {
    super(
      `${statement} inside a unit of work: it commits when the work resolves, and rolls back when the work throws. ` +
        'For a part that may fail, use manager.transaction, which makes a savepoint',
    );
  }
}

/** For a statement of this text. */
export function refuseControl(text: string): Error {
  return tagPhase(new TransactionControlError(readOperation(text) || text), 'in-transaction');
}
