import type { QueryRunner } from 'typeorm';
import type { TableOperation } from '../generate/table-operation';
import type { TableTarget } from '../recipes/recipe-definitions';
import type { IndexDefinition } from '../specification/index-definition';
import { readTableFacts, type TableFacts } from './table-facts';

/** What the plan of one change is made from, besides the change. */
export interface PlanContext {
  /** Undefined for a table that does not exist yet. */
  factsOf(table: TableTarget): TableFacts | undefined;
  /** Schema and name as the statements will find them. */
  resolve<T extends TableTarget>(table: T): T & { readonly schema: string };
  /** Indexes that the same plan builds. */
  readonly plannedIndexes: readonly IndexDefinition[];
  /** All that the same plan does to tables. */
  readonly operations: readonly TableOperation[];
}

/** Reads the facts of the tables, one after the other. */
export async function readPlanContext(
  runner: QueryRunner,
  tables: readonly TableTarget[],
  plannedIndexes: readonly IndexDefinition[],
  operations: readonly TableOperation[],
): Promise<PlanContext> {
  const [row]: { schema: string | null }[] = await runner.query('select current_schema() as schema');
  const facts = new Map<string, TableFacts | undefined>();
  for (const table of tables) {
    if (facts.has(keyOf(table))) continue;
    const found = await readTableFacts(runner, table);
    facts.set(keyOf(table), found);
    // As it is called once it is resolved.
    if (found !== undefined) facts.set(keyOf({ ...table, schema: found.schema }), found);
  }
  return {
    factsOf: (table) => facts.get(keyOf(table)),
    resolve: (table) => ({
      ...table,
      schema: table.schema ?? facts.get(keyOf(table))?.schema ?? row?.schema ?? 'public',
    }),
    plannedIndexes,
    operations,
  };
}

function keyOf({ schema, table }: TableTarget): string {
  return JSON.stringify([schema, table]);
}
