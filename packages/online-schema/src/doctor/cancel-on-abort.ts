import type { DataSource, QueryRunner } from 'typeorm';
import { openSideConnection } from '../run/side-connection';

/** What tells the runner's session from the others. */
export async function readPid(runner: Pick<QueryRunner, 'query'>): Promise<number> {
  const [session]: { pid: number }[] = await runner.query('select pg_backend_pid() as pid');
  if (session === undefined) throw new Error('the server answered nothing about the session');
  return session.pid;
}

/**
 * What the session executes is cancelled once the signal aborts, for as long as the work goes on. It is asked for beside
 * the pool, which may have no second connection to give; should that fail, the statement ends by its time limit.
 *
 * @throws the signal's reason if it was aborted before.
 */
export async function cancelOnAbort<T>(
  pid: number,
  { dataSource, signal }: { readonly dataSource: DataSource; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let cancelling: Promise<void> | undefined;
  const cancel = () => {
    cancelling = cancelSession(dataSource, pid).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', cancel);
    // Too late for this statement, it would cancel the next one on the connection, which may be somebody else's.
    await cancelling;
  }
}

async function cancelSession(dataSource: DataSource, pid: number): Promise<void> {
  const side = await openSideConnection(dataSource, 'holdfast doctor');
  try {
    await side.query('select pg_cancel_backend($1)', [pid]);
  } finally {
    await side.close();
  }
}
