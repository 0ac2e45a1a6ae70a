import { DataSource } from 'typeorm';
import { AcceptDeclarationError } from './accept-declaration-error';
import { acceptedFindingsOf, acceptFindings, type FindingAcceptance } from './accept-findings';

const closed = () => new DataSource({ type: 'postgres' });

describe('acceptFindings', () => {
  it('adds to what the DataSource accepts already, and to no other', () => {
    const dataSource = closed();
    acceptFindings(dataSource, [{ check: 'bloat', table: 'a', reason: 'r' }]);
    acceptFindings(dataSource, [{ check: 'drift', name: 'b', reason: 'r' }]);
    expect(acceptedFindingsOf(dataSource).map(({ check }) => check)).toEqual(['bloat', 'drift']);
    expect(acceptedFindingsOf(closed())).toEqual([]);
  });

  it.each<[string, FindingAcceptance, string]>([
    ['a blank reason', { check: 'bloat', table: 't', reason: ' ' }, 'accepting "bloat" needs a reason'],
    [
      'an unknown check',
      { check: 'sunburn' as never, table: 't', reason: 'r' },
      'unknown check "sunburn"; allowed are',
    ],
    ['neither table nor name', { check: 'bloat', reason: 'r' }, 'neither a table nor a name is given'],
    [
      'columns of no table',
      { check: 'bloat', columns: ['a'], reason: 'r' },
      'neither a table nor a name is given',
    ],
    ['no columns', { check: 'bloat', table: 't', columns: [], reason: 'r' }, 'an empty list of columns'],
    [
      'columns and a name',
      { check: 'bloat', table: 't', name: 'n', columns: ['a'], reason: 'r' },
      'columns and name exclude each other',
    ],
    ['an empty name', { check: 'bloat', name: '', reason: 'r' }, 'PostgreSQL has no name like ""'],
  ])('refuses %s, and takes none of the list', (_, acceptance, message) => {
    const dataSource = closed();
    const accept = () =>
      acceptFindings(dataSource, [{ check: 'bloat', table: 'good', reason: 'r' }, acceptance]);
    expect(accept).toThrow(AcceptDeclarationError);
    expect(accept).toThrow(`acceptFindings "${acceptance.check}": ${message}`);
    expect(acceptedFindingsOf(dataSource)).toEqual([]);
  });
});
