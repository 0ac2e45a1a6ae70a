import { defineContract, type QueryContract } from './query-contract';

const CONTRACT: QueryContract = { name: 'tried', index: 'an_index', run: async () => undefined };

it('is frozen, down to its lists', () => {
  const contract = defineContract({ ...CONTRACT, index: ['one', 'other'], plans: ['custom'] });
  expect([contract, contract.index, contract.plans].every(Object.isFrozen)).toBe(true);
});

it.each<[string, Partial<QueryContract>]>([
  ['no name', { name: ' ' }],
  ['no index', { index: [] }],
  ['an index twice', { index: ['one', 'one'] }],
  ['a budget without a reason', { maxBuffers: 20 }],
  ['a budget of half a page', { maxBuffers: 0.5, because: 'it reads little' }],
  ['a reason without a budget', { because: 'it reads much' }],
  ['an allowance without a reason', { allows: { sort: '' } }],
  ['growth without a reason', { growth: '' }],
  ['no plans', { plans: [] }],
])('refuses a contract with %s', (_, wrong) => {
  expect(() => defineContract({ ...CONTRACT, ...wrong })).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_CONTRACT_DECLARATION', contract: wrong.name ?? CONTRACT.name }),
  );
});
