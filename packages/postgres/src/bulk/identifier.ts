import pg from 'pg';
import type { EntityMetadata } from 'typeorm';

/** Quotes one identifier: whatever it contains, it names one object. */
export function quoteIdentifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** The table of an entity, with its schema when it has one. */
export function quoteTable({ schema, tableName }: EntityMetadata): string {
  return schema ? `${quoteIdentifier(schema)}.${quoteIdentifier(tableName)}` : quoteIdentifier(tableName);
}
