import type { AddedConstraint } from '../generate/merge-pairs';
import type { TableOperation } from '../generate/table-operation';
import type { CheckDefinition, ForeignKeyDefinition, UniqueDefinition } from '../recipes/recipe-definitions';
import { compareColumns, renderColumn } from './compare-columns';
import type { DriftDifference, DriftFinding } from './drift-report';

/** What an operation is about. */
interface Subject {
  readonly kind: 'table' | 'view' | 'column' | 'constraint' | 'primary key' | 'comment';
  /** The table's own, where it is about the table. */
  readonly name: string;
}

type Description = Pick<DriftFinding, 'differences' | 'reason'>;

/** The thing that an operation changes. */
export function subjectOf(operation: TableOperation): Subject {
  const { table } = operation.table;
  switch (operation.kind) {
    case 'create-table':
      return { kind: 'table', name: table };
    case 'change-view':
      return { kind: 'view', name: operation.name.split('.').at(-1) ?? '' };
    case 'rename-column':
      return { kind: 'column', name: operation.to };
    case 'comment':
      return operation.column === ''
        ? { kind: 'comment', name: table }
        : { kind: 'column', name: operation.column };
    case 'change-primary-key':
      return operation.changed === undefined
        ? { kind: 'primary key', name: table }
        : { kind: 'column', name: operation.column };
    case 'rename-constraint':
      return { kind: 'constraint', name: operation.to };
    case 'add-exclusion':
    case 'drop-exclusion':
      return { kind: 'constraint', name: operation.name };
    default:
      if ('column' in operation) return { kind: 'column', name: operation.column };
      return {
        kind: 'constraint',
        name: 'definition' in operation ? operation.definition.name : operation.previous.name,
      };
  }
}

/** Differences and reason of operations that are about the same thing; what they bring along is not described. */
export function describeOperations(group: readonly [TableOperation, ...TableOperation[]]): Description {
  const [first] = group;
  const { kind, name } = subjectOf(group.find((operation) => operation.kind === 'create-table') ?? first);
  switch (kind) {
    case 'table':
      return { differences: [], reason: 'the table does not exist' };
    case 'view':
      return { differences: [], reason: 'the view does not exist, or is another one' };
    case 'comment':
      return { differences: [], reason: 'the comment of the table is another one' };
    case 'primary key':
      return { differences: [], reason: 'the primary key has other columns' };
    case 'column':
      return describeColumn(group, name);
    case 'constraint':
      return describeConstraint(first);
    default:
      return kind satisfies never;
  }
}

function describeColumn(group: readonly TableOperation[], name: string): Description {
  for (const { kind, changed } of group) {
    if (kind === 'add-column' && changed?.after !== undefined) {
      const declared = renderColumn(changed.after);
      return {
        differences: [{ aspect: 'column', declared, actual: 'none' }],
        reason: `the table has no column ${name}`,
      };
    }
    if (kind === 'drop-column' && changed?.before !== undefined) {
      const actual = renderColumn(changed.before);
      return {
        differences: [{ aspect: 'column', declared: 'none', actual }],
        reason: `no entity declares column ${name}; dropping it drops all that is in it`,
      };
    }
  }
  const differences = group.flatMap((operation): DriftDifference[] => {
    if (operation.kind === 'rename-column') {
      return [{ aspect: 'column name', declared: operation.to, actual: operation.column }];
    }
    const { before, after } = operation.changed ?? {};
    return before === undefined || after === undefined ? [] : compareColumns(after, before);
  });
  const [renamed] = differences.filter(({ aspect }) => aspect === 'column name');
  const seen = new Map(differences.map((difference) => [difference.aspect, difference]));
  const aspects = [...seen.keys()].join(', ') || 'definition';
  return {
    differences: [...seen.values()],
    reason:
      renamed === undefined
        ? `column ${name} has another ${aspects}`
        : `the column is called ${renamed.actual}, as it seems`,
  };
}

function describeConstraint(operation: TableOperation): Description {
  const kind = kindOfConstraint(operation);
  const { name } = subjectOf(operation);
  if (operation.kind === 'rename-constraint') {
    return {
      differences: [{ aspect: 'name', declared: operation.to, actual: operation.name }],
      reason: `the constraint exists under another name, ${operation.name}`,
    };
  }
  if (operation.kind === 'add-exclusion' && operation.replaces !== undefined) {
    return {
      differences: [{ aspect: kind, ...operation.replaces }],
      reason: `the ${kind} ${name} is another one`,
    };
  }
  const { definition, previous } = operation as Partial<Pick<AddedConstraint, 'definition' | 'previous'>>;
  const isAdded = operation.kind.startsWith('add');
  const difference: DriftDifference = {
    aspect: kind,
    declared: isAdded ? renderConstraint(definition) : 'none',
    actual: isAdded && previous === undefined ? 'none' : renderConstraint(previous),
  };
  const reason = !isAdded
    ? `no entity declares the ${kind} ${name}`
    : previous === undefined
      ? `the table has no ${kind} ${name}`
      : `the ${kind} ${name} is another one`;
  return { differences: [difference], reason };
}

function kindOfConstraint({ kind }: TableOperation): string {
  if (kind.endsWith('foreign-key')) return 'foreign key';
  if (kind.endsWith('unique')) return 'unique constraint';
  return kind.endsWith('check') ? 'check constraint' : 'exclusion constraint';
}

/** Of an exclusion constraint that comes or goes no more is known than that it is there. */
function renderConstraint(
  constraint: CheckDefinition | UniqueDefinition | ForeignKeyDefinition | undefined,
): string {
  if (constraint === undefined) return 'there';
  if ('expression' in constraint) return constraint.expression;
  const { columns, deferrable } = constraint;
  const list = `(${columns.join(', ')})`;
  const deferral = deferrable === undefined ? '' : ` deferrable ${deferrable.toLowerCase()}`;
  if (!('references' in constraint)) return `${list}${deferral}`;
  const { references, onDelete, onUpdate } = constraint;
  return [
    `${list} references ${references.table} (${references.columns.join(', ')})`,
    onDelete !== undefined && ` on delete ${onDelete.toLowerCase()}`,
    onUpdate !== undefined && ` on update ${onUpdate.toLowerCase()}`,
    deferral,
  ]
    .filter((part) => typeof part === 'string')
    .join('');
}
