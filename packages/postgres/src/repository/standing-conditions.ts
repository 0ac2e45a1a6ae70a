import pg from 'pg';
import type { EntityMetadata } from 'typeorm';
import { quoteIdentifier } from '../bulk/identifier';

/** What holds for rows of an entity that are not soft-deleted. */
export function renderNotDeleted({ deleteDateColumn }: EntityMetadata, alias: string): string[] {
  return deleteDateColumn === undefined
    ? []
    : [`${alias}.${quoteIdentifier(deleteDateColumn.databaseName)} IS NULL`];
}

/** What holds for rows of an entity that shares its table with others. */
export function renderKind(metadata: EntityMetadata, alias: string): string[] {
  const { discriminatorColumn, parentEntityMetadata, childEntityMetadatas } = metadata;
  if (discriminatorColumn === undefined || parentEntityMetadata === undefined) return [];
  const children = childEntityMetadatas.filter((child) => child.discriminatorColumn !== undefined);
  const kinds = [...children.map((child) => child.discriminatorValue), metadata.discriminatorValue];
  const literals = kinds.map((kind) => pg.escapeLiteral(String(kind)));
  return [`${alias}.${quoteIdentifier(discriminatorColumn.databaseName)} IN (${literals.join(', ')})`];
}
