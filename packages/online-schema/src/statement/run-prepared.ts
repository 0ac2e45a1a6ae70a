import { renderParameter } from './render-parameter';
import { runStatement, type StatementRun } from './run-statement';
import type { PlanMode, SentStatement, Session } from './sent-statement';

const NAME = 'holdfast_measured_statement';

/**
 * Runs a statement with its parameters under a plan of that kind, and tells what it did; inside a transaction, whose
 * `plan_cache_mode` it sets. It is run in earnest: who does not want that rolls back.
 */
export async function runPrepared(
  session: Session,
  { sql, parameters }: SentStatement,
  mode: PlanMode,
): Promise<StatementRun> {
  await forget(session);
  await session.query(`set local plan_cache_mode = force_${mode}_plan`);
  await session.query(`prepare ${NAME} as ${sql}`);
  const values = parameters.map(renderParameter).join(', ');
  const run = await runStatement(session, `execute ${NAME}${parameters.length === 0 ? '' : `(${values})`}`);
  await forget(session);
  return run;
}

/** A statement that failed took the transaction with it, and not what was prepared. */
async function forget(session: Session): Promise<void> {
  const left: unknown[] = await session.query('select from pg_prepared_statements where name = $1', [NAME]);
  if (left.length > 0) await session.query(`deallocate ${NAME}`);
}
