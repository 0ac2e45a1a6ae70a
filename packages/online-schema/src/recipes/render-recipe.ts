import { quoteIdentifier, quoteLiteral, quoteQualified } from '../specification/identifier';
import type {
  CheckDefinition,
  ColumnTarget,
  ConstraintTarget,
  EnumValueDefinition,
  ForeignKeyDefinition,
  TableTarget,
  UniqueDefinition,
} from './recipe-definitions';

/** Binds new rows at once and looks at no old one: `renderValidate` does that without stopping a writer. */
export function renderAddCheck({ name, expression, ...target }: CheckDefinition): string {
  return `${alter(target)} ADD CONSTRAINT ${quoteIdentifier(name)} CHECK (${expression}) NOT VALID`;
}

/** As `renderAddCheck`. */
export function renderAddForeignKey(definition: ForeignKeyDefinition): string {
  const {
    name,
    columns,
    references,
    onDelete = 'NO ACTION',
    onUpdate = 'NO ACTION',
    deferrable,
  } = definition;
  return [
    `${alter(definition)} ADD CONSTRAINT ${quoteIdentifier(name)} FOREIGN KEY (${quoteAll(columns)})`,
    `REFERENCES ${quoteQualified(references.schema, references.table)} (${quoteAll(references.columns)})`,
    onDelete !== 'NO ACTION' && `ON DELETE ${onDelete}`,
    onUpdate !== 'NO ACTION' && `ON UPDATE ${onUpdate}`,
    deferrable !== undefined && `DEFERRABLE ${deferrable}`,
    'NOT VALID',
  ]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

/** Reads every row, and lets everybody read and write meanwhile. */
export function renderValidate({ name, ...target }: ConstraintTarget): string {
  return `${alter(target)} VALIDATE CONSTRAINT ${quoteIdentifier(name)}`;
}

/** The index takes the constraint's name. */
export function renderAddUnique({ name, deferrable, ...target }: UniqueDefinition, index: string): string {
  const deferral = deferrable === undefined ? '' : ` DEFERRABLE ${deferrable}`;
  return `${alter(target)} ADD CONSTRAINT ${quoteIdentifier(name)} UNIQUE USING INDEX ${quoteIdentifier(index)}${deferral}`;
}

export function renderDropConstraint({ name, ...target }: ConstraintTarget): string {
  return `${alter(target)} DROP CONSTRAINT ${quoteIdentifier(name)}`;
}

export function renderRenameConstraint({ name, ...target }: ConstraintTarget, to: string): string {
  return `${alter(target)} RENAME CONSTRAINT ${quoteIdentifier(name)} TO ${quoteIdentifier(to)}`;
}

/** An instant where a valid check says the same, else a scan that stops readers and writers. */
export function renderSetNotNull({ column, ...target }: ColumnTarget): string {
  return `${alter(target)} ALTER COLUMN ${quoteIdentifier(column)} SET NOT NULL`;
}

export function renderDropNotNull({ column, ...target }: ColumnTarget): string {
  return `${alter(target)} ALTER COLUMN ${quoteIdentifier(column)} DROP NOT NULL`;
}

export function renderAddEnumValue({ schema, type, value, after, before }: EnumValueDefinition): string {
  const place =
    after !== undefined
      ? ` AFTER ${quoteLiteral(after)}`
      : before !== undefined
        ? ` BEFORE ${quoteLiteral(before)}`
        : '';
  return `ALTER TYPE ${quoteQualified(schema, type)} ADD VALUE ${quoteLiteral(value)}${place}`;
}

function alter({ schema, table }: TableTarget): string {
  return `ALTER TABLE ${quoteQualified(schema, table)}`;
}

function quoteAll(columns: readonly string[]): string {
  return columns.map(quoteIdentifier).join(', ');
}
