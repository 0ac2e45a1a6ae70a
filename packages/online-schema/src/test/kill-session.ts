import type { DataSource, QueryRunner } from 'typeorm';

/**
 * Ends the runner's session on the server right before its statement of that number, of those that do more than read, as
 * if its process had been killed there.
 *
 * @returns whether it came to that statement.
 */
export async function killBefore(
  runner: QueryRunner,
  admin: DataSource,
  statement: number,
  work: (runner: QueryRunner) => Promise<void>,
): Promise<boolean> {
  const [session]: { pid: number }[] = await runner.query('select pg_backend_pid() as pid');
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  let count = 0;
  const killing = async (...args: unknown[]) => {
    // Nothing that others can see is between what only reads and what comes after it.
    const isRead = /^\s*select/i.test(String(args[0]));
    if (!isRead) count += 1;
    if (!isRead && count === statement)
      await admin.query('select pg_terminate_backend($1, 5000)', [session?.pid]);
    return query(...args);
  };
  Object.assign(runner, { query: killing });
  const failure = await work(runner).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (count >= statement) return true;
  if (failure !== undefined) throw failure;
  return false;
}
