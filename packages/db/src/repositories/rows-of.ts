import type { EntityManager, EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/**
 * Selects the rows that a function of the database returns, entities of a table: `tenancy.user_by_email(:email)`. Its
 * parameters are those of the query.
 */
export function rowsOf<Row extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  alias: string,
  call: string,
  parameters: ObjectLiteral,
): SelectQueryBuilder<Row> {
  const query = manager.createQueryBuilder(entity, alias).setParameters(parameters);
  const { mainAlias } = query.expressionMap;
  if (mainAlias === undefined) throw new Error('a query of an entity has no alias');
  // TypeORM writes it after FROM in place of the table's name, and keeps the columns of the entity.
  mainAlias.subQuery = call;
  return query;
}
