import type { QueryRunner } from 'typeorm';
import { cancelOnAbort, readPid } from './cancel-on-abort';
import type { Limits } from './limits';

/**
 * Runs the work in a transaction that can write nothing, and rolls it back. The work cannot talk the transaction into
 * writing: the server takes `SET TRANSACTION READ WRITE` before the first query only.
 *
 * @throws the signal's reason if it was aborted before.
 */
export async function runReadOnly<T>(
  runner: QueryRunner,
  { timeoutMs, lockTimeoutMs, signal }: Limits,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  await runner.startTransaction();
  try {
    await runner.query('set transaction read only');
    await runner.query(
      `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true)`,
      [`${Math.ceil(timeoutMs)}ms`, `${Math.ceil(lockTimeoutMs)}ms`],
    );
    if (signal === undefined) return await work();
    return await cancelOnAbort(await readPid(runner), { dataSource: runner.dataSource, signal }, work);
  } finally {
    // A connection that is gone has rolled back by itself, and why it is gone is what is worth telling.
    await runner.rollbackTransaction().catch(() => undefined);
  }
}
