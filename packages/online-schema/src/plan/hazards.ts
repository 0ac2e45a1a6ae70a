import type { TableOperation } from '../generate/table-operation';
import type { ConstraintTarget, TableTarget } from '../recipes/recipe-definitions';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { Hazard } from './plan-step';
import { hazardsOfType, type Told } from './type-hazards';

const BY_HAND = 'write the change by hand (npx typeorm migration:create), apply it, and generate again';

/**
 * What a person should decide or know before this operation on a table that exists.
 *
 * @param others of the same plan: what goes with a column is decided with the column.
 */
export function hazardsOf(operation: TableOperation, others: readonly TableOperation[]): Hazard[] {
  const target = targetOf(operation.table, partOf(operation));
  return describeHazards(operation, others).map((told) => ({ ...told, target }));
}

/** How `--allow` names a table, or a column, index or constraint of it. */
export function targetOf({ schema, table }: TableTarget, part = ''): string {
  return [schema, table, part].filter(Boolean).join('.');
}

function partOf(operation: TableOperation): string | undefined {
  if ('column' in operation) return operation.column;
  if ('definition' in operation) return operation.definition.name;
  if ('previous' in operation) return operation.previous.name;
  return 'name' in operation && operation.kind !== 'change-view' ? operation.name : undefined;
}

function describeHazards(operation: TableOperation, others: readonly TableOperation[]): Told[] {
  const { table } = operation.table;
  if (operation.kind === 'create-table') return hazardsOfNew(operation);
  if (operation.isNew) return [];
  switch (operation.kind) {
    case 'drop-column':
      return [
        ...hazardsOfUse(operation),
        {
          id: 'drop-column',
          verdict: 'allow',
          message: `column ${table}.${operation.column} goes with all that is in it, and a revert brings it back empty and taking NULL`,
          instead: 'release code that does not use it first, and drop it when no older release runs',
        },
      ];
    case 'rename-column':
      return [
        {
          id: 'rename-column',
          verdict: 'allow',
          message:
            `column ${table}.${operation.column} is taken for the new ${operation.to}, which is of the same type, and gets its ` +
            'name with all that is in it; code that runs now fails from that moment',
          instead:
            'where they are two columns, or one that code uses, add the new one, write both, backfill it, read the new one, ' +
            'and drop the old one in a later release',
        },
      ];
    case 'add-unique':
      return describeReferences(operation.definition, operation.dependents);
    case 'drop-unique':
      return [
        ...describeReferences(operation.previous, operation.dependents),
        ...(goesWithColumn(operation, others) ? [] : [hazardOfConstraint(operation)]),
      ];
    case 'drop-check':
    case 'drop-foreign-key':
    case 'drop-exclusion':
      return goesWithColumn(operation, others) ? [] : [hazardOfConstraint(operation)];
    case 'set-type':
      return [...hazardsOfUse(operation), ...hazardsOfType(operation)];
    case 'add-column':
      return hazardsOfColumn(operation);
    case 'change-view':
      return operation.dependents === undefined
        ? []
        : [
            {
              id: 'replace-view',
              verdict: 'allow',
              message: `view ${operation.name} is dropped and made again, and nobody makes again with it: ${operation.dependents.join('; ')}`,
              instead:
                'allow it, and give the view these again in the same migration, after CREATE VIEW; or, with the same columns ' +
                'first, write a CREATE OR REPLACE VIEW by hand, which keeps them',
            },
          ];
    case 'change-primary-key':
      return [
        {
          id: 'change-primary-key',
          verdict: 'never',
          message: `the primary key of ${table} changes (${operation.column}), and every foreign key to it with it`,
          instead:
            'build a unique index concurrently on the new columns, make them NOT NULL, and swap the keys in one ' +
            `transaction with ADD PRIMARY KEY USING INDEX; ${BY_HAND}`,
        },
      ];
    case 'change-generated':
      return [
        {
          id: 'change-generated',
          verdict: 'never',
          message: `column ${table}.${operation.column} becomes generated, or is computed otherwise, for which PostgreSQL has no statement`,
          instead: 'add a column under another name, switch to it, and drop this one in a later release',
        },
      ];
    case 'change-enum':
      return [hazardOfEnum(operation)];
    case 'add-exclusion':
      return [
        {
          id: 'add-exclusion',
          verdict: 'allow',
          message: `the index of exclusion constraint ${operation.name} is built with readers and writers of ${table} locked out; PostgreSQL has no other way`,
          instead: 'do it while nobody writes, or add it while the table is small',
        },
      ];
    default:
      return [];
  }
}

/** A table that may be one that was made under another name, and has rows. */
function hazardsOfNew({
  table: { table },
  former,
}: Extract<TableOperation, { kind: 'create-table' }>): Told[] {
  if (former === undefined) return [];
  return [
    {
      id: 'rename-table',
      verdict: 'allow',
      message: `table ${table} is made new and empty; ${former.table}, which no entity has, has ${former.isExact ? '' : 'nearly '}the same columns, and its rows stay behind there`,
      instead: `where it is the same table under another name, write its rename by hand (npx typeorm migration:create): ${renderRename(former, table)}; apply it, and generate again`,
    },
  ];
}

export function renderRename({ schema, table }: TableTarget, to: string): string {
  return `ALTER TABLE ${quoteQualified(schema, table)} RENAME TO ${quoteIdentifier(to)}`;
}

/** Of a unique constraint or index that is to go, or to have another definition. */
export function hazardsOfReferences(constraint: ConstraintTarget, references: readonly string[]): Hazard[] {
  const target = targetOf(constraint, constraint.name);
  return describeReferences(constraint, references).map((told) => ({ ...told, target }));
}

function describeReferences({ table, name }: ConstraintTarget, references: readonly string[] = []): Told[] {
  if (references.length === 0) return [];
  return [
    {
      id: 'unique-in-use',
      verdict: 'never',
      message: `${name} of ${table} is what ${references.join(', ')} refers to: PostgreSQL does not drop it`,
      instead:
        'make the new one under another name, let the foreign key refer to that, and drop this one after that',
    },
  ];
}

type Drop = Extract<
  TableOperation,
  { kind: 'drop-check' | 'drop-unique' | 'drop-foreign-key' | 'drop-exclusion' }
>;

function goesWithColumn(operation: Drop, others: readonly TableOperation[]): boolean {
  if (operation.kind === 'drop-exclusion') return false;
  const columns = operation.kind === 'drop-check' ? operation.columns : operation.previous.columns;
  return others.some(
    (other) =>
      other.kind === 'drop-column' &&
      other.table.table === operation.table.table &&
      other.table.schema === operation.table.schema &&
      columns.includes(other.column),
  );
}

function hazardOfConstraint(operation: Drop): Told {
  const name = operation.kind === 'drop-exclusion' ? operation.name : operation.previous.name;
  return {
    id: 'drop-constraint',
    verdict: 'allow',
    message: `no entity declares constraint ${name} of ${operation.table.table}: it goes, and rows that it refused come in`,
    instead: 'declare it (@Check, @Unique, @Exclusion, or a relation) under its name',
  };
}

function hazardsOfUse({
  table: { table },
  column,
  dependents = [],
}: TableOperation & { readonly column: string }): Told[] {
  if (dependents.length === 0) return [];
  return [
    {
      id: 'column-in-use',
      verdict: 'never',
      message: `column ${table}.${column} is used by ${dependents.join(', ')}, for which PostgreSQL refuses the change`,
      instead: `drop and make again what uses it, around the change, in one transaction; ${BY_HAND}`,
    },
  ];
}

function hazardsOfColumn(operation: Extract<TableOperation, { kind: 'add-column' }>): Told[] {
  const { column, rewrites, lacksValue } = operation;
  const { table } = operation.table;
  const hazards: Told[] = [];
  if (rewrites) {
    hazards.push({
      id: 'rewrite-table',
      verdict: 'allow',
      message: `table ${table} is written anew for column ${column} while readers and writers wait`,
      instead: 'add it as a plain column that takes NULL, write it, backfill it, and make it NOT NULL',
    });
  }
  if (lacksValue) {
    hazards.push({
      id: 'not-null-without-default',
      verdict: 'allow',
      message: `column ${table}.${column} is NOT NULL and has no default: it can only be added while the table is empty`,
      instead:
        'give it a default, or add it as nullable, fill it with backfill, and declare it NOT NULL after that',
    });
  }
  return hazards;
}

function hazardOfEnum(operation: Extract<TableOperation, { kind: 'change-enum' }>): Told {
  const { column, problem, values } = operation;
  const { table } = operation.table;
  const list = values.map((value) => `"${value}"`).join(', ');
  switch (problem) {
    case 'values removed':
      return {
        id: 'remove-enum-value',
        verdict: 'never',
        message: `values ${list} of the enum of ${table}.${column} are removed, for which PostgreSQL has no statement: every table with the type would be written anew`,
        instead:
          'leave them in the declaration, and keep rows from having them with a check constraint; in a small table, call ' +
          'dropEnumValue in a migration of your own',
      };
    case 'values reordered':
      return {
        id: 'reorder-enum',
        verdict: 'allow',
        message: `values of the enum of ${table}.${column} are declared in another order (${list}) than they are sorted in; PostgreSQL cannot change that, and when allowed it stays as it is`,
        instead:
          'declare them in the order of the database, and sort by an expression where another one is needed',
      };
    case 'another type':
      return {
        id: 'change-enum-type',
        verdict: 'never',
        message: `column ${table}.${column} gets another enum type (${list}), for which the table would be written anew`,
        instead: `rename the type (ALTER TYPE … RENAME TO, an instant): ${BY_HAND}`,
      };
    default:
      return problem satisfies never;
  }
}
