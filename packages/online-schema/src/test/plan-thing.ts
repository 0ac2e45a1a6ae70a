import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaOptions } from 'typeorm';
import { type Plan, planChanges } from '../plan/plan-changes';
import type { Scratch } from './scratch';

export type Columns = Record<string, EntitySchemaColumnOptions>;

export const id: EntitySchemaColumnOptions = { type: 'integer', primary: true };

export const nullable = { nullable: true } as const;

/** A column `a` of a text that is longer than one of ten characters. */
export const longer: Columns = { a: { type: 'varchar', length: 20, ...nullable } };

/** Makes the table with a column, and whatever else. */
export const things = (column: string, ...more: string[]) =>
  [`create table things (id integer primary key, ${column})`, ...more].join('; ');

/** The plan from what this SQL makes in an empty schema to an entity `things` of these columns. */
export async function planThing(
  scratch: Scratch,
  sql: string,
  columns: Columns,
  { allow, ...more }: Partial<EntitySchemaOptions<object>> & { allow?: readonly string[] } = {},
): Promise<Plan> {
  await scratch.dataSource.query('drop schema public cascade; create schema public');
  await scratch.dataSource.query(sql);
  const entity = new EntitySchema<object>({
    name: 'Thing',
    tableName: 'things',
    columns: { id, ...columns } as never,
    ...more,
  });
  const target = await scratch.open({ entities: [entity] });
  try {
    return await planChanges(target, allow === undefined ? {} : { allow });
  } finally {
    await target.destroy();
  }
}

/** Its hazards that are not allowed. */
export function idsOf({ refused }: Plan): string[] {
  return refused.map(({ id, verdict }) => `${verdict} ${id}`);
}
