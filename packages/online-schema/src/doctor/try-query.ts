import type { QueryRunner } from 'typeorm';
import { sqlStateOf } from '../catalog/sqlstate';
import { LOCK_TIMEOUT_MS } from './limits';

/** What became of a statement that might be refused. */
type Attempt<T> =
  | { readonly rows: readonly T[] }
  | { readonly refusal: { readonly code: string; readonly message: string } };

/**
 * Runs a query inside the check's transaction, which goes on if it is refused. Its locks are given back at once: held
 * until the end of the check, they would queue a migration, and every statement behind that, for as long.
 *
 * @param timeoutMs Milliseconds that it may take. Waiting for a lock ends after one second.
 * @throws what is no refusal: a lost connection, or a cancellation before the time was over.
 */
export async function tryQuery<T>(
  runner: QueryRunner,
  { sql, parameters = [], timeoutMs }: { sql: string; parameters?: unknown[]; timeoutMs: number },
): Promise<Attempt<T>> {
  const started = performance.now();
  await runner.query('savepoint holdfast_try');
  try {
    await runner.query(
      `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true)`,
      [`${Math.max(1, Math.ceil(timeoutMs))}ms`, `${LOCK_TIMEOUT_MS.first}ms`],
    );
    const rows: T[] = await runner.query(sql, parameters);
    await undo(runner);
    return { rows };
  } catch (error) {
    const code = sqlStateOf(error);
    if (code === undefined || /^(08|57P)/.test(code)) throw error;
    await undo(runner);
    // The same code stands for the caller's cancellation.
    if (code === '57014' && performance.now() - started < timeoutMs) throw error;
    return { refusal: { code, message: (error as Error).message } };
  }
}

async function undo(runner: QueryRunner): Promise<void> {
  await runner.query('rollback to savepoint holdfast_try');
  await runner.query('release savepoint holdfast_try');
}
