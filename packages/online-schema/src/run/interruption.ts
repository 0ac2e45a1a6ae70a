import type { DataSource, QueryRunner } from 'typeorm';
import { throwIfAborted } from '../migration/abortable-wait';
import { MigrationError } from '../migration/migration-error';
import { isShielded, runOf } from '../migration/run-context';
import { currentName, tellNotice } from '../migration/steps';
import { isSettledWithin } from './is-settled-within';
import { openSideConnection, type SideConnection } from './side-connection';

/** How long a statement may go on after it was cancelled before its connection is cut, as that of a server that is gone. */
const GRACE_MS = 10_000;

// The end of a transaction is what an aborted run needs most.
const ENDS_TRANSACTION = /^\s*(?:commit|rollback|release)\b/i;

const CANCEL = 'select pg_cancel_backend($1)';

interface Connection {
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** node-postgres's; its `end()` waits for the server. */
  readonly connection?: { readonly stream?: { destroy(): void } };
}

/**
 * From now on the run's signal ends what the runner does: a statement under way is cancelled on the server, and no
 * further one begins. What runs `uninterrupted` is finished first. If the cancel does not get through, or nothing
 * comes of it, the connection is cut.
 *
 * A connection that is lost fails the statement after it with HOLDFAST_SESSION_LOST: the migration lock is gone with
 * it, so nothing may go on.
 *
 * @param connection of the runner.
 * @param side a connection beside it, if there is one.
 * @returns what lets go of the connection.
 */
export function interruptWithSignal(
  dataSource: DataSource,
  runner: QueryRunner,
  connection: unknown,
  pid: number,
  side: SideConnection | undefined,
): () => void {
  const wire = connection as Connection;
  let lost: Error | undefined;
  const onError = (error: Error) => {
    lost ??= error;
  };
  wire.on('error', onError);
  const { signal } = runOf(runner);
  const cut = () => wire.connection?.stream?.destroy();

  const interrupt = async (statementEnded: Promise<void>): Promise<void> => {
    const isCancelled = await cancel(dataSource, pid, side).then(
      () => true,
      () => false,
    );
    const isOver = isCancelled && (await isSettledWithin(GRACE_MS, statementEnded));
    if (!isOver) cut();
  };

  const query = runner.query.bind(runner);
  runner.query = async (...args: Parameters<QueryRunner['query']>) => {
    if (lost !== undefined) throw sessionLost(lost);
    const isEnd = ENDS_TRANSACTION.test(args[0]);
    if (!isEnd) throwIfAborted(runner);
    let interrupting: Promise<void> | undefined;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const onAbort = () => {
      if (isEnd || isShielded(runner)) return tellFinishing(runner);
      interrupting = interrupt(ended);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await query(...args);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      end();
      // A cancel that is still on its way must not hit the next statement.
      await interrupting;
    }
  };
  return () => wire.off('error', onError);
}

function tellFinishing(runner: QueryRunner): void {
  const name = currentName(runner) ?? 'run';
  tellNotice(runner, name, 'finishing what would leave remains half-way; once more ends at once');
}

function sessionLost(cause: Error): MigrationError {
  return new MigrationError(
    'HOLDFAST_SESSION_LOST',
    `the connection that held the migration lock is gone: ${cause.message}`,
    { cause },
  );
}

/**
 * Over the connection that watches, since the server may take no further one; over one of its own where that has been
 * lost.
 */
async function cancel(dataSource: DataSource, pid: number, side: SideConnection | undefined): Promise<void> {
  const isSent = await side?.query(CANCEL, [pid]).then(
    () => true,
    () => false,
  );
  if (isSent) return;
  const connection = await openSideConnection(dataSource, 'holdfast cancel');
  try {
    await connection.query(CANCEL, [pid]);
  } finally {
    await connection.close();
  }
}
