import { readErrorCode } from '@holdfast/resilience';
import pg from 'pg';
import { AnswerTimeoutError } from './answer-limit';
import type { PooledClient } from './pooled-client';

/**
 * The connection broke. `code` is what is known of why: the SQLSTATE with which the server took its leave, as `57P01`, else
 * the system's code, as `ECONNRESET`, `POOL_CLOSED` when this side closed it, else `08006` (connection failure). The mark of its phase says what became of the work.
 */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';

  constructor(
    readonly code: string,
    cause: unknown,
  ) {
    super(`The connection to the database was lost (${code})`, { cause });
  }
}

/**
 * Says why a statement failed on a connection. What the server answered is passed on as it is. Where the connection broke, node-postgres knows
 * less than the connection: an immediate stop announces itself in a notice, and a client that is used after its end only
 * says that it cannot be queried.
 */
export function explainFailure(client: PooledClient, error: unknown): unknown {
  if (client.isClosedHere) return new ConnectionLostError('POOL_CLOSED', error);
  if (client.loss === undefined || error instanceof pg.DatabaseError) return error;
  // It is why the connection was cut.
  if (error instanceof AnswerTimeoutError) return error;
  const code = client.farewellCode ?? readErrorCode(client.loss) ?? '08006';
  return new ConnectionLostError(code, client.loss);
}
