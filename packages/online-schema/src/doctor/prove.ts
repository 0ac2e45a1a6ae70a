import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';

/**
 * Whether no row of the table can ever meet both conditions, as far as PostgreSQL's planner can prove it; undefined
 * where this role may not ask about the table. It leans towards false: not proven is not disproven.
 *
 * Conditions are SQL over the table's columns. They are put to EXPLAIN and never executed.
 */
export async function excludeEachOther(
  runner: QueryRunner,
  table: { readonly schema: string; readonly table: string },
  conditions: readonly string[],
): Promise<boolean | undefined> {
  await runner.query('savepoint holdfast_prove');
  try {
    // Without it, the planner does not look for conditions that contradict each other.
    await runner.query(`select set_config('constraint_exclusion', 'on', true)`);
    const where = conditions.map((condition) => `(${condition})`).join(' and ');
    const rows: { 'QUERY PLAN': { Plan: Record<string, unknown> }[] }[] = await runner.query(
      `explain (format json) select from ${quoteQualified(table.schema, table.table)} where ${where}`,
    );
    await runner.query('release savepoint holdfast_prove');
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
    return plan?.['Node Type'] === 'Result' && plan['One-Time Filter'] === 'false';
  } catch (error) {
    await runner.query('rollback to savepoint holdfast_prove');
    const { code } = (error as { driverError?: { code?: unknown } }).driverError ?? {};
    if (code === '42501') return undefined;
    throw error;
  }
}
