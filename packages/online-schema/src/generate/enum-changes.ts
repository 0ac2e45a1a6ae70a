import type { TableColumn } from 'typeorm';
import type { OperationDetail } from './table-operation';

/** What makes the values of an enum type those that are declared, as far as values can be added where they belong. */
export function changeEnum(
  before: TableColumn,
  after: TableColumn,
  type: { readonly schema: string; readonly name: string },
): OperationDetail[] {
  const [present, wanted] = [before.enum ?? [], after.enum ?? []];
  const refuse = (
    problem: Extract<OperationDetail, { kind: 'change-enum' }>['problem'],
    values: readonly string[],
  ): OperationDetail[] => [{ kind: 'change-enum', column: after.name, problem, values }];

  if (before.enumName !== after.enumName) return refuse('another type', [after.enumName ?? '']);
  const removed = present.filter((value) => !wanted.includes(value));
  if (removed.length > 0) return refuse('values removed', removed);
  const kept = wanted.filter((value) => present.includes(value));
  if (kept.some((value, at) => value !== present[at])) return refuse('values reordered', kept);

  return wanted.flatMap((value, at): OperationDetail[] => {
    if (present.includes(value)) return [];
    const previous = wanted[at - 1];
    // After the one before it, which has been added by then; only what is to be the first has none.
    const place = previous === undefined ? { before: present[0] } : { after: previous };
    return [
      {
        kind: 'add-enum-value',
        column: after.name,
        value: { schema: type.schema, type: type.name, value, ...place },
      },
    ];
  });
}
