import type { DataSource, QueryRunner } from 'typeorm';
import { allowLongStatements } from '../migration/long-statements';
import { withMigrationLock } from '../migration/migration-lock';
import { attachRun, uninterrupted } from '../migration/run-context';
import { readSettings, writeSettings } from '../migration/session-settings';
import { reasonOf } from '../text/reason-of';
import { interruptWithSignal } from './interruption';
import { rollBackOpen } from './open-transaction';
import { requireSession } from './require-session';
import type { RunSettings } from './run-options';
import { ServerWatch } from './server-watch';
import { openSideConnection, type SideConnection } from './side-connection';

/**
 * Runs work with the migration lock, on a session that knows of the run: its steps are told, watched over a second
 * connection, and ended by the signal. The session goes back to the pool as it came from it.
 *
 * @param applicationName what others see in `pg_stat_activity`.
 * @throws MigrationError when the session is not fit for that; whatever the work throws; an AbortError when the signal aborts first.
 */
export async function withRunSession<T>(
  dataSource: DataSource,
  applicationName: string,
  settings: RunSettings,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  let side: SideConnection | undefined;
  try {
    const connection: unknown = await runner.connect();
    const [{ pid }] = await runner.query('select pg_backend_pid() as pid');
    // A session that waits for its turn or for a lock is idle between two attempts.
    const own = new Map([
      ['application_name', applicationName],
      ['idle_session_timeout', '0'],
    ]);
    const before = await readSettings(runner, [...own.keys()]);
    side = await openWatchConnection(dataSource, settings);
    await requireSession(runner, connection, side);
    const watch = side && new ServerWatch(side, pid, settings.report);
    attachRun(runner, { ...settings, watch });
    const letGo = interruptWithSignal(dataSource, runner, connection, pid, side);
    const limitAgain = allowLongStatements(connection);
    try {
      await writeSettings(runner, own);
      return await withMigrationLock(runner, () =>
        // In a transaction that failed and was left open the lock could not be given back.
        work(runner).finally(() => rollBackOpen(runner).catch(() => undefined)),
      );
    } finally {
      await uninterrupted(runner, () => writeSettings(runner, before)).catch(() => undefined);
      limitAgain();
      letGo();
    }
  } finally {
    await side?.close();
    await runner.release();
  }
}

async function openWatchConnection(
  dataSource: DataSource,
  { report }: RunSettings,
): Promise<SideConnection | undefined> {
  try {
    return await openSideConnection(dataSource, 'holdfast watch');
  } catch (error) {
    const reason = reasonOf(error);
    const message = `there is no second connection (${reason}); progress and blockers are not told`;
    report({ type: 'notice', name: 'watch', message });
    return undefined;
  }
}
