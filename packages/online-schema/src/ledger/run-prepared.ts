import type { QueryRunner } from 'typeorm';
import { quoteLiteral } from '../specification/identifier';
import { runStatement, type StatementRun } from './run-statement';

/** A statement as an application sends it. */
export interface SentStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Whether the plan is made for these parameters or for any: what PostgreSQL comes to after five executions, if that seems no worse. */
export type PlanMode = 'custom' | 'generic';

const NAME = 'holdfast_ledger_statement';

/**
 * Runs a statement with its parameters under a plan of that kind, and tells what it did; inside a transaction, whose
 * `plan_cache_mode` it sets. It is run in earnest: who does not want that rolls back.
 */
export async function runPrepared(
  runner: QueryRunner,
  { sql, parameters }: SentStatement,
  mode: PlanMode,
): Promise<StatementRun> {
  await forget(runner);
  await runner.query(`set local plan_cache_mode = force_${mode}_plan`);
  await runner.query(`prepare ${NAME} as ${sql}`);
  const values = parameters.map(renderValue).join(', ');
  const run = await runStatement(runner, `execute ${NAME}${parameters.length === 0 ? '' : `(${values})`}`);
  await forget(runner);
  return run;
}

/** A statement that failed took the transaction with it, and not what was prepared. */
async function forget(runner: QueryRunner): Promise<void> {
  const left: unknown[] = await runner.query('select from pg_prepared_statements where name = $1', [NAME]);
  if (left.length > 0) await runner.query(`deallocate ${NAME}`);
}

/** As the driver sends it: everything is text, whose type the statement decides. */
function renderValue(value: unknown): string {
  return value === null || value === undefined ? 'null' : quoteLiteral(toText(value));
}

function toText(value: unknown): string {
  if (value instanceof Date) return toLocal(value);
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (Array.isArray(value)) return `{${value.map(toElement).join(',')}}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** With the offset, which a column without a zone ignores: it gets the time on the clock of this process. */
function toLocal(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const pad = (number: number) => String(number).padStart(2, '0');
  const offset = Math.abs(minutes);
  const zone = `${minutes < 0 ? '-' : '+'}${pad(Math.trunc(offset / 60))}:${pad(offset % 60)}`;
  return new Date(date.getTime() + minutes * 60_000).toISOString().replace('Z', zone);
}

function toElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return toText(value);
  return `"${toText(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
