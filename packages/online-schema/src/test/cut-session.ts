import type { DataSource, QueryRunner } from 'typeorm';

/** When a session is ended, with respect to a statement that changes something. */
export type Moment = 'before' | 'during' | 'after';

/** What has become of a session that was to be ended. */
export interface Cut {
  readonly done: boolean;
  /** Statements that changed something, so far. */
  readonly statements: number;
}

/**
 * Ends the runner's session on the server around its n-th statement that changes something, counted from 0. `during`
 * is for concurrent statements, which an old snapshot keeps from their end; others are over too soon, and are let pass.
 */
export async function cutSession(
  admin: DataSource,
  runner: QueryRunner,
  at: number,
  moment: Moment,
): Promise<Cut> {
  const [{ pid }] = await runner.query('select pg_backend_pid() as pid');
  const query = runner.query.bind(runner);
  const cut = { done: false, statements: 0 };
  const end = async () => {
    cut.done = true;
    await admin.query('select pg_terminate_backend($1, 5000)', [pid]);
  };
  runner.query = async (...args: Parameters<QueryRunner['query']>) => {
    const [statement] = args;
    if (!/^(CREATE|ALTER|DROP|REINDEX) /.test(statement) || cut.statements++ !== at) return query(...args);
    if (moment === 'before') {
      await end();
      return query(...args);
    }
    if (moment === 'after') {
      const result = await query(...args);
      await end();
      return result;
    }
    if (!statement.includes('CONCURRENTLY')) return query(...args);
    return endDuring(admin, pid, () => query(...args), end);
  };
  return cut;
}

async function endDuring(
  admin: DataSource,
  pid: number,
  run: () => Promise<unknown>,
  end: () => Promise<void>,
): Promise<unknown> {
  const reader = admin.createQueryRunner();
  try {
    await reader.startTransaction('REPEATABLE READ');
    // Builds wait for its snapshot, drops for its locks.
    for (const { name } of await reader.query(
      `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    )) {
      await reader.query(`select 1 from ${name} limit 1`);
    }
    const running = run().catch((error: unknown) => error);
    await untilWaiting(admin, pid);
    await end();
    const outcome = await running;
    throw outcome instanceof Error
      ? outcome
      : new Error('the statement was over before its session was ended');
  } finally {
    await reader.rollbackTransaction();
    await reader.release();
  }
}

async function untilWaiting(admin: DataSource, pid: number): Promise<void> {
  for (;;) {
    const rows = await admin.query(
      `select 1 from pg_stat_activity where pid = $1 and wait_event_type = 'Lock' and state = 'active'`,
      [pid],
    );
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
