import type { TableOperation } from './table-operation';

export type AddedConstraint = Extract<
  TableOperation,
  { kind: 'add-unique' | 'add-check' | 'add-foreign-key' }
>;
export type DroppedConstraint = Extract<
  TableOperation,
  { kind: 'drop-unique' | 'drop-check' | 'drop-foreign-key' }
>;

export const COUNTERPARTS = {
  'add-unique': 'drop-unique',
  'add-check': 'drop-check',
  'add-foreign-key': 'drop-foreign-key',
} as const;

/**
 * Takes constraints that are dropped and added again for what they are. TypeORM does so with every constraint of a
 * column that it changes, which leaves the table unguarded meanwhile: the same one again is left alone, another one of
 * the same name becomes a replacement. An enum value that several columns need is added once.
 */
export function mergePairs(operations: readonly TableOperation[]): TableOperation[] {
  const dropped = operations.filter(isDropped);
  const settled = new Set<TableOperation>();
  const merged = operations.map((operation): TableOperation => {
    if (!isAdded(operation)) return operation;
    const before = dropped.find(
      (other) =>
        !settled.has(other) &&
        other.kind === COUNTERPARTS[operation.kind] &&
        other.previous.name === operation.definition.name &&
        other.table.table === operation.table.table &&
        other.table.schema === operation.table.schema,
    );
    if (before === undefined) return operation;
    settled.add(before);
    if (isEqual(before.previous, operation.definition)) {
      settled.add(operation);
      return operation;
    }
    return { ...operation, previous: before.previous } as TableOperation;
  });
  const seen = new Set<string>();
  return merged.filter((operation, at) => {
    const original = operations[at];
    if (original !== undefined && settled.has(original)) return false;
    const key = repeatableKey(operation);
    if (key === undefined) return true;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

/** Of what is noted once for every column that needs it, or by each of two ways of looking. */
function repeatableKey(operation: TableOperation): string | undefined {
  if (operation.kind === 'add-enum-value') {
    const { schema, type, value } = operation.value;
    return JSON.stringify([schema, type, value]);
  }
  if (operation.kind !== 'change-enum') return undefined;
  return JSON.stringify([operation.table.schema, operation.table.table, operation.column, operation.problem]);
}

export function isAdded(operation: TableOperation): operation is AddedConstraint {
  return operation.kind in COUNTERPARTS;
}

export function isDropped(operation: TableOperation): operation is DroppedConstraint {
  return Object.values(COUNTERPARTS).some((kind) => kind === operation.kind);
}

/** Name of the constraint that the operation is about, as the catalog has it. */
export function constraintOf(operation: TableOperation): string | undefined {
  if (isDropped(operation)) return operation.previous.name;
  return isAdded(operation) || operation.kind === 'rename-constraint' ? nameOf(operation) : undefined;
}

function nameOf(operation: AddedConstraint | Extract<TableOperation, { kind: 'rename-constraint' }>): string {
  return 'definition' in operation ? operation.definition.name : operation.to;
}

/** Whatever the order of the properties. */
export function isEqual(one: object, other: object): boolean {
  const normal = (value: object) =>
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => a.localeCompare(b)))
        : part,
    );
  return normal(one) === normal(other);
}
