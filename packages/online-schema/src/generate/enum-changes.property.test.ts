import fc from 'fast-check';
import { TableColumn } from 'typeorm';
import { changeEnum } from './enum-changes';

const type = { schema: 'public', name: 'mood' };

function column(values: readonly string[], enumName?: string): TableColumn {
  return new TableColumn({
    name: 'mood',
    type: 'enum',
    enum: [...values],
    ...(enumName !== undefined && { enumName }),
  });
}

/** What the server's list of values is after the statements. */
function apply(present: readonly string[], changes: ReturnType<typeof changeEnum>): string[] {
  const values = [...present];
  for (const change of changes) {
    if (change.kind !== 'add-enum-value') throw new Error(`refused: ${change.kind}`);
    const { value, after, before } = change.value;
    const at = after !== undefined ? values.indexOf(after) + 1 : values.indexOf(before ?? '');
    // The server refuses a place beside a value that is not there.
    if (at === -1 || (after !== undefined && !values.includes(after)))
      throw new Error(`no place for ${value}`);
    values.splice(at, 0, value);
  }
  return values;
}

describe('changeEnum', () => {
  it('comes to the declared values in the declared order, whatever is added where', () => {
    const labels = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(labels, fc.infiniteStream(fc.boolean()), (wanted, keeps) => {
        const kept = wanted.filter(() => keeps.next().value);
        const present = kept.length > 0 ? kept : wanted.slice(0, 1);
        expect(apply(present, changeEnum(column(present), column(wanted), type))).toEqual(wanted);
      }),
    );
  });

  it('refuses whatever the server has no statement for', () => {
    const labels = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(labels, fc.nat(), (present, seed) => {
        const at = seed % present.length;
        const removed = present.filter((_, index) => index !== at);
        expect(changeEnum(column(present), column(removed), type)).toMatchObject([
          { kind: 'change-enum', problem: 'values removed', values: [present[at]] },
        ]);
        const rotated = [...present.slice(1), present[0] ?? ''];
        expect(changeEnum(column(present), column(rotated), type)).toMatchObject([
          { kind: 'change-enum', problem: 'values reordered' },
        ]);
      }),
    );
    expect(changeEnum(column(['a'], 'one'), column(['a'], 'other'), type)).toMatchObject([
      { kind: 'change-enum', problem: 'another type' },
    ]);
  });
});
