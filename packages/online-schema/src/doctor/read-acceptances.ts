import type { DataSource, EntityMetadata } from 'typeorm';
import { AcceptDeclarationError } from '../declaration/accept-declaration-error';
import { acceptedFindingsOf } from '../declaration/accept-findings';
import { acceptDeclarationsOf } from '../declaration/declarations';
import { columnsOfProperty, propertiesOf } from '../specification/property-columns';
import { readDeclaredIndexes, tablesOf } from '../specification/read-entity-indexes';
import type { Finding, Subject } from './check';
import type { CheckId } from './check-id';

/** A finding that the entities, or the DataSource beside them, call right as it is. */
export interface Acceptance {
  readonly check: CheckId;
  readonly reason: string;
  readonly subject: AcceptedSubject;
}

/** Of a table, or of an index by its name; without a schema, in any of those that are looked at. */
type AcceptedSubject = Partial<Subject> &
  ({ readonly table: string } | { readonly table?: never; readonly index: string });

/**
 * Everything that the entities accept, and the DataSource for what they cannot tell of, each once.
 *
 * @param schemaOf Where the entity's table is.
 * @throws AcceptDeclarationError for a property the entity does not have.
 */
export function readAcceptances(
  dataSource: DataSource,
  schemaOf: (metadata: EntityMetadata) => string,
): Acceptance[] {
  const all = tablesOf(dataSource).flatMap((metadata) => {
    const place = { schema: schemaOf(metadata), table: metadata.tableName };
    return [...acceptedByIndexes(metadata, place), ...acceptedByEntity(metadata, place)];
  });
  // Entities that share a table (single-table inheritance) repeat what their ancestor accepts.
  all.push(...acceptedBeside(dataSource));
  return [...new Map(all.map((acceptance) => [JSON.stringify(acceptance), acceptance])).values()];
}

interface Place {
  readonly schema: string;
  readonly table: string;
}

function acceptedByIndexes(metadata: EntityMetadata, place: Place): Acceptance[] {
  return readDeclaredIndexes(metadata).flatMap(({ declaration, definition }) =>
    Object.entries(declaration.options.accept ?? {}).map(([check, reason]) => ({
      check: check as CheckId,
      reason: reason.trim(),
      subject: { ...place, index: definition.name },
    })),
  );
}

function acceptedByEntity(metadata: EntityMetadata, place: Place): Acceptance[] {
  const declarations = metadata.inheritanceTree.flatMap((target) => acceptDeclarationsOf(target as object));
  return declarations.map(({ check, reason, properties, index }) => {
    const columns = properties?.flatMap((property) => {
      const found = columnsOfProperty(metadata, property);
      if (found !== undefined) return found;
      const problem = `unknown property "${property}"; allowed are ${propertiesOf(metadata).join(', ')}`;
      throw new AcceptDeclarationError(metadata.name, check, problem);
    });
    const subject = { ...place, ...(columns && { columns }), ...(index !== undefined && { index }) };
    return { check, reason, subject };
  });
}

function acceptedBeside(dataSource: DataSource): Acceptance[] {
  return acceptedFindingsOf(dataSource).flatMap(({ check, reason, schema, table, name, columns }) => {
    const of = { ...(schema !== undefined && { schema }), ...(columns && { columns }) };
    const index = name !== undefined && { index: name };
    const subject = table !== undefined ? { ...of, table, ...index } : index && { ...of, ...index };
    return subject ? [{ check, reason: reason.trim(), subject }] : [];
  });
}

/** Whether the acceptance means this finding of its check. One that names no columns does not cover those about columns. */
export function accepts({ subject: accepted }: Acceptance, { subject }: Finding): boolean {
  if (accepted.schema !== undefined && accepted.schema !== subject.schema) return false;
  if (accepted.table !== undefined && accepted.table !== subject.table) return false;
  if (accepted.index !== undefined || subject.index !== undefined) return accepted.index === subject.index;
  const sorted = (columns: readonly string[] = []) => JSON.stringify(columns.toSorted());
  return sorted(accepted.columns) === sorted(subject.columns);
}

/** What the acceptance is about, as a finding would name it. */
export function renderSubject({ schema, table, index, columns }: Acceptance['subject']): string {
  const inSchema = schema === undefined ? '' : `${schema}.`;
  if (index !== undefined) return `${inSchema}${index}`;
  if (columns === undefined) return `${inSchema}${table}`;
  return columns.length === 1
    ? `${inSchema}${table}.${columns[0]}`
    : `${inSchema}${table} (${columns.join(', ')})`;
}
