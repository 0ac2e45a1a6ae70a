import type { DataSource, EntityManager } from 'typeorm';

type EntityClass<Row> = new () => Row;

/** The lists that were written before, of each database. */
const written = new WeakMap<DataSource, Map<string, string>>();

/**
 * The columns of an entity as a statement in SQL selects them from `alias`, by the names of their properties, without those that are
 * left out of ordinary reads.
 */
export function selectColumns(manager: EntityManager, entity: EntityClass<object>, alias: string): string {
  const { dataSource } = manager;
  const key = `${entity.name} ${alias}`;
  let lists = written.get(dataSource);
  if (lists === undefined) {
    lists = new Map();
    written.set(dataSource, lists);
  }
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list = dataSource
    .getMetadata(entity)
    .columns.filter(({ isSelect }) => isSelect)
    .map(({ databaseName, propertyName }) => `${alias}."${databaseName}" as "${propertyName}"`)
    .join(', ');
  lists.set(key, list);
  return list;
}

/**
 * The one row that a statement with `selectColumns` finds, as an entity; null if there is none. For what is asked for with every
 * request: a query builder writes its text and reads its rows anew each time, which takes longer than the answer of the server.
 */
export async function findPlainRow<Row extends object>(
  manager: EntityManager,
  entity: EntityClass<Row>,
  statement: string,
  parameters: unknown[],
): Promise<Row | null> {
  const [row] = await askPlainly<object>(manager, statement, parameters);
  return row === undefined ? null : Object.assign(new entity(), row);
}

/** The rows of a statement, by the connection that the manager has, without the detour of TypeORM to it. */
export function askPlainly<Row>(
  manager: EntityManager,
  statement: string,
  parameters: unknown[],
): Promise<Row[]> {
  return manager.queryRunner?.query(statement, parameters) ?? manager.query<Row[]>(statement, parameters);
}
