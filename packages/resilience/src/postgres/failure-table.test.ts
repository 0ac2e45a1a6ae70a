import type { FailureRow } from './failure-row';
import { FAILURES_BY_CLASS, FAILURES_BY_CODE, FAILURES_BY_ROUTINE, FAILURES_BY_TEXT } from './failure-table';

const rows = [FAILURES_BY_CODE, FAILURES_BY_CLASS, FAILURES_BY_ROUTINE, FAILURES_BY_TEXT].flatMap((table) =>
  Object.entries(table),
);
const keysOf = (matches: (row: FailureRow) => boolean): string[] =>
  rows.filter(([, row]) => matches(row)).map(([key]) => key);

describe('the failure table', () => {
  it('names the source of every row', () => {
    expect(keysOf(({ source }) => /\S/.test(source))).toHaveLength(rows.length);
  });

  it('evicts the connection of whatever leaves the outcome of a COMMIT open', () => {
    const open = keysOf(({ atCommit }) => atCommit === 'unknown');
    expect(open.length).toBeGreaterThan(10);
    expect(keysOf(({ atCommit, evict }) => atCommit === 'unknown' && evict === 'keep')).toEqual([]);
  });

  it('retries no transaction over what no statement may be retried for', () => {
    expect(keysOf(({ autocommit }) => autocommit === 'never').length).toBeGreaterThan(5);
    expect(
      keysOf(({ autocommit, inTransaction }) => autocommit === 'never' && inTransaction === 'tx'),
    ).toEqual([]);
  });

  it('is frozen, rows and all', () => {
    expect(rows.filter(([, row]) => !Object.isFrozen(row))).toEqual([]);
    expect(
      [FAILURES_BY_CODE, FAILURES_BY_CLASS, FAILURES_BY_ROUTINE, FAILURES_BY_TEXT].every(Object.isFrozen),
    ).toBe(true);
  });
});
