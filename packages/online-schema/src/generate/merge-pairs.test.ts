import type { ForeignKeyDefinition } from '../recipes/recipe-definitions';
import { mergePairs } from './merge-pairs';
import type { OperationDetail, TableOperation } from './table-operation';

const key: ForeignKeyDefinition = {
  table: 'orders',
  name: 'fk',
  columns: ['a'],
  references: { table: 'customers', columns: ['id'] },
  onDelete: 'CASCADE',
};

function operation(detail: OperationDetail, table = 'orders'): TableOperation {
  return { ...detail, table: { table }, isNew: false, up: [], down: [] };
}

const drop = (previous: ForeignKeyDefinition, table?: string) =>
  operation({ kind: 'drop-foreign-key', previous }, table);
const add = (definition: ForeignKeyDefinition, table?: string) =>
  operation({ kind: 'add-foreign-key', definition, previous: undefined }, table);
const change = operation({ kind: 'set-not-null', column: 'a' });

describe('mergePairs', () => {
  it('leaves a constraint alone that is dropped and added as it was, whatever the order of its properties', () => {
    const { onDelete, ...rest } = key;
    const same = { onDelete, ...rest } as ForeignKeyDefinition;
    expect(mergePairs([drop(key), change, add(same)])).toEqual([change]);
  });

  it('makes a replacement of a constraint that comes back as another one', () => {
    const next = { ...key, onDelete: 'RESTRICT' } as const;
    expect(mergePairs([drop(key), change, add(next)])).toEqual([change, { ...add(next), previous: key }]);
  });

  it.each([
    ['another name', drop({ ...key, name: 'other' })],
    ['another table', drop(key, 'invoices')],
    [
      'another kind',
      operation({ kind: 'drop-unique', previous: { table: 'orders', name: 'fk', columns: ['a'] } }),
    ],
  ])('keeps both where the one that goes has %s', (_, gone) => {
    expect(mergePairs([gone, add(key)])).toEqual([gone, add(key)]);
  });

  it('adds an enum value once that several columns need, and each of two values', () => {
    const value = (label: string) =>
      operation({
        kind: 'add-enum-value',
        column: 'mood',
        value: { type: 'mood', value: label, after: 'calm' },
      });
    expect(mergePairs([value('away'), value('gone'), value('away')])).toEqual([value('away'), value('gone')]);
  });
});
