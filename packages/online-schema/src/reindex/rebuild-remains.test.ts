import { isRemainsName } from './rebuild-remains';

// As PostgreSQL 17 has named them.
const LONG = 'a_very_long_name_of_an_index_that_fills_all_of_the_63_bytes_000';

describe('the name of remains', () => {
  it.each([
    ['idx_a_ccnew', 'idx_a'],
    ['idx_a_ccold', 'idx_a'],
    ['idx_a_ccnew12', 'idx_a'],
    ['idx_a_ccnew_ccnew', 'idx_a_ccnew'],
    ['a_very_long_name_of_an_index_that_fills_all_of_the_63_byt_ccnew', LONG],
    ['a_very_long_name_of_an_index_that_fills_all_of_the_63_by_ccnew1', LONG],
    [`${'é'.repeat(28)}_ccnew`, 'é'.repeat(31)],
  ])('%s is that of remains of %s', (remains, index) => {
    expect(isRemainsName(remains, index)).toBe(true);
  });

  it.each([
    ['idx_a', 'idx_a'],
    ['idx_a_ccnew', 'idx_ab'],
    ['idx_a_ccnew', 'idx_a_b'],
    ['idx_ab_ccnew', 'idx_a'],
    ['idx_a_ccnewer', 'idx_a'],
    ['_ccnew', ''],
  ])('%s is not that of remains of %s', (remains, index) => {
    expect(isRemainsName(remains, index)).toBe(false);
  });
});
