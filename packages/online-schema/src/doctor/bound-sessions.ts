import type { DataSource, QueryRunner } from 'typeorm';
import { readSettings, writeSettings } from '../migration/session-settings';
import { cancelOnAbort, readPid } from './cancel-on-abort';
import type { Limits } from './limits';

/**
 * The same DataSource for work that opens sessions by itself: each of their statements has the limits, none begins after
 * the signal has aborted, and each session gets its own settings back when it is released.
 */
export function boundSessions(dataSource: DataSource, limits: Limits): DataSource {
  return Object.create(dataSource, {
    createQueryRunner: {
      value: (...args: Parameters<DataSource['createQueryRunner']>) =>
        bound(dataSource.createQueryRunner(...args), dataSource, limits),
    },
  });
}

function bound(
  runner: QueryRunner,
  dataSource: DataSource,
  { timeoutMs, lockTimeoutMs, signal }: Limits,
): QueryRunner {
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  const release = runner.release.bind(runner);
  // As the settings are read and written, that must not come back here.
  const session = Object.create(runner, { query: { value: query } }) as QueryRunner;
  const wanted = new Map([
    ['statement_timeout', `${Math.ceil(timeoutMs)}ms`],
    ['lock_timeout', `${Math.ceil(lockTimeoutMs)}ms`],
  ]);
  let entry: Promise<{ readonly own: ReadonlyMap<string, string>; readonly pid: number }> | undefined;
  const enter = async () => {
    const own = await readSettings(session, [...wanted.keys()]);
    await writeSettings(session, wanted);
    return { own, pid: await readPid(session) };
  };
  const run = async (...args: unknown[]) => {
    // Undoing is what an aborted transaction still has to do.
    if (/^rollback/i.test(String(args[0]))) return query(...args);
    signal?.throwIfAborted();
    entry ??= enter();
    const { pid } = await entry;
    if (signal === undefined) return query(...args);
    return cancelOnAbort(pid, { dataSource, signal }, () => query(...args));
  };
  return Object.assign(runner, {
    query: run,
    release: async () => {
      const entered = await entry?.catch(() => undefined);
      // What cannot be set any more was set on a connection that is gone.
      if (entered !== undefined) await writeSettings(session, entered.own).catch(() => undefined);
      await release();
    },
  });
}
