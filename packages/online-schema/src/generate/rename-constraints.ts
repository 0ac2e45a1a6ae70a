import type { QueryRunner } from 'typeorm';
import { canonicaliseCheck } from '../recipes/canonicalise-check';
import { renderRenameConstraint } from '../recipes/render-recipe';
import {
  type AddedConstraint,
  COUNTERPARTS,
  type DroppedConstraint,
  isAdded,
  isDropped,
  isEqual,
} from './merge-pairs';
import type { TableOperation } from './table-operation';

/**
 * Takes a constraint that goes and an equal one that comes for one under another name: TypeORM knows constraints by name
 * alone, and would leave the table unguarded from the one to the other.
 */
export async function renameConstraints(
  runner: QueryRunner,
  operations: readonly TableOperation[],
): Promise<TableOperation[]> {
  const taken = new Set<TableOperation>();
  const result: TableOperation[] = [];
  for (const operation of operations) {
    const other = isAdded(operation) ? await findEqual(runner, operation, operations, taken) : undefined;
    if (other !== undefined) taken.add(other);
    result.push(other === undefined ? operation : toRename(operation as AddedConstraint, other));
  }
  return result.filter((operation) => !taken.has(operation));
}

async function findEqual(
  runner: QueryRunner,
  added: AddedConstraint,
  operations: readonly TableOperation[],
  taken: ReadonlySet<TableOperation>,
): Promise<DroppedConstraint | undefined> {
  if (added.isNew || added.previous !== undefined) return undefined;
  for (const other of operations) {
    const isCandidate =
      isDropped(other) &&
      !taken.has(other) &&
      COUNTERPARTS[added.kind] === other.kind &&
      isEqual(added.table, other.table);
    if (isCandidate && (await isSame(runner, added, other))) return other;
  }
  return undefined;
}

async function isSame(
  runner: QueryRunner,
  added: AddedConstraint,
  dropped: DroppedConstraint,
): Promise<boolean> {
  const { name: _, ...wanted } = added.definition;
  const { name: __, ...existing } = dropped.previous;
  if (!('expression' in added.definition && 'expression' in dropped.previous))
    return isEqual(wanted, existing);
  const spelt = await canonicaliseCheck(runner, added.definition).catch(() => undefined);
  return spelt === dropped.previous.expression;
}

function toRename({ table, definition }: AddedConstraint, { previous }: DroppedConstraint): TableOperation {
  const [from, to] = [previous.name, definition.name];
  const rename = (name: string, next: string) => ({
    query: renderRenameConstraint({ ...table, name }, next),
    parameters: [],
  });
  return {
    kind: 'rename-constraint',
    table,
    isNew: false,
    name: from,
    to,
    up: [rename(from, to)],
    down: [rename(to, from)],
  };
}
