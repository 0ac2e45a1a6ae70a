import { type CatalogState, listDeviations, listUnusable } from './catalog-state';

type Index = CatalogState['indexes'][number];

const index = (name: string, changed: Partial<Index> = {}): Index => ({
  schema: 'public',
  table: 'events',
  name,
  method: 'btree',
  unique: false,
  nullsNotDistinct: false,
  keys: ['id'],
  include: [],
  storage: {},
  valid: true,
  ready: true,
  constraint: null,
  parts: [],
  attached: false,
  ...changed,
});
const wanted: CatalogState = { indexes: [index('a'), index('b')], ledger: ['One', 'Two'] };

it('finds nothing where a state is exactly the one wanted', () => {
  expect(listDeviations(wanted, JSON.parse(JSON.stringify(wanted)))).toEqual([]);
});

it.each<[string, CatalogState, string[]]>([
  ['missing', { ...wanted, indexes: [index('a')] }, ['b is missing']],
  ['left over', { ...wanted, indexes: [...wanted.indexes, index('a_ccnew')] }, ['a_ccnew is left over']],
  ['invalid', { ...wanted, indexes: [index('a'), index('b', { valid: false })] }, ['b is invalid']],
  ['not ready', { ...wanted, indexes: [index('a'), index('b', { ready: false })] }, ['b is invalid']],
  ['another', { ...wanted, indexes: [index('a'), index('b', { keys: ['id DESC'] })] }, ['b is another one']],
  ['entered twice', { ...wanted, ledger: ['One', 'Two', 'Two'] }, ['the ledger has One, Two, Two']],
  ['not entered', { ...wanted, ledger: [] }, ['the ledger has nothing']],
])('tells what is %s', (_, found, deviations) => {
  expect(listDeviations(wanted, found)).toEqual(deviations);
});

it('names the indexes that no query can use', () => {
  const indexes = [index('a'), index('b', { valid: false }), index('c', { ready: false })];
  expect(listUnusable({ indexes, ledger: [] })).toEqual(['b', 'c']);
});
