import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { BulkRowRefusal } from './bulk-error';

type Known = 'column' | 'no-column' | KnownProperties;

/** The properties that rows of an entity may have. Maps stand for embedded objects. */
type KnownProperties = Map<string, Known>;

/** Reads the properties from an entity's columns and relations. */
function readKnownProperties(metadata: EntityMetadata): KnownProperties {
  const known: KnownProperties = new Map();
  for (const relation of metadata.relations) {
    add(known, relation, relation.isWithJoinColumn ? 'column' : 'no-column');
    // What TypeORM keeps on an entity beside a lazy relation.
    if (relation.isLazy) {
      for (const prefix of ['__', '__has_', '__promise_'])
        known.set(`${prefix}${relation.propertyName}__`, 'column');
    }
  }
  for (const column of metadata.columns) add(known, column, 'column');
  return known;
}

function add(
  known: KnownProperties,
  { embeddedMetadata, propertyName }: ColumnMetadata | RelationMetadata,
  kind: Exclude<Known, KnownProperties>,
): void {
  let level = known;
  for (const parent of embeddedMetadata?.parentPropertyNames ?? []) {
    const existing = level.get(parent);
    const next: KnownProperties = existing instanceof Map ? existing : new Map();
    level.set(parent, next);
    level = next;
  }
  level.set(propertyName, kind);
}

/** A property that would be dropped silently. */
interface ForeignProperty {
  readonly path: string;
  readonly reason: BulkRowRefusal;
}

/** Finds the first property of a row that would be dropped silently. What is undefined is not there. */
export type FindForeignProperty = (row: object) => ForeignProperty | undefined;

/** Makes what finds it in rows of an entity. Rows of one origin have the same properties: those that were last found to be columns are not looked up again. */
export function createForeignPropertyFinder(metadata: EntityMetadata): FindForeignProperty {
  const known = readKnownProperties(metadata);
  let columns: readonly string[] = [];
  return (row) => {
    const names = Object.keys(row);
    if (areEqual(names, columns)) return undefined;
    if (!names.every((name) => known.get(name) === 'column')) return findForeignProperty(known, row, '');
    columns = names;
    return undefined;
  };
}

function areEqual(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at += 1) if (names[at] !== others[at]) return false;
  return true;
}

function findForeignProperty(
  known: KnownProperties,
  row: object,
  prefix: string,
): ForeignProperty | undefined {
  for (const name of Object.keys(row)) {
    const value: unknown = (row as Record<string, unknown>)[name];
    const kind = known.get(name);
    if (kind === 'column' || value === undefined) continue;
    const path = `${prefix}${name}`;
    if (kind === undefined) return { path, reason: 'unknown-column' };
    if (kind === 'no-column') return { path, reason: 'not-a-column' };
    if (value === null) continue;
    if (typeof value !== 'object') return { path, reason: 'not-a-column' };
    const inner = findForeignProperty(kind, value, `${path}.`);
    if (inner) return inner;
  }
  return undefined;
}
