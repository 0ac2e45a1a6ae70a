import { NotPermittedError, violatedUniqueIndex } from '../repositories/refusals';
import { refusalCause, sqlstateOf } from '../repositories/server-refusal';
import { invalidAppendOf } from './invalid-append-error';
import type { StatementSender } from './statement-sender';
import { withinSavepoint } from './within-savepoint';

/**
 * Runs an append and gives what it wrote. A version or key that another append took meanwhile is the same as one that was taken
 * before: no row is written, and in a transaction nothing of the append is left, its locks included.
 */
export async function runAppend<Row>(sender: StatementSender, append: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await withinSavepoint(sender, async () => {
      const rows = await append();
      if (rows.length === 0) throw NOTHING_WRITTEN;
      return rows;
    });
  } catch (error) {
    if (error === NOTHING_WRITTEN) return [];
    const index = violatedUniqueIndex(error);
    if (index === 'idx_events_aggregate_timeline' || index === 'idx_events_idempotency') return [];
    if (sqlstateOf(error) === '42501') throw new NotPermittedError('event', { cause: refusalCause(error) });
    throw invalidAppendOf(error);
  }
}

const NOTHING_WRITTEN = new Error('nothing was written');
