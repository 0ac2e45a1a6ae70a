import { isRefusal, sqlStateOf } from './sqlstate';

describe('what the server says to a definition', () => {
  it.each([
    ['a column that is not there', '42703', true],
    ['a wrong value', '22P02', true],
    ['what it does not support', '0A000', true],
    ['too many columns', '54011', true],
    ['a missing privilege', '42501', false],
    ['a lock that was not had in time', '55P03', false],
    ['a cancelled statement', '57014', false],
    ['a full disk', '53100', false],
    ['a lost connection', '08006', false],
    ['a read-only server', '25006', false],
  ])('takes %s for a refusal, or not: %s is %s', (_, code, refused) => {
    expect(isRefusal(Object.assign(new Error('no'), { driverError: { code } }))).toBe(refused);
  });

  it('finds the state of a bare driver error as well, and none in what is no answer of the server', () => {
    expect(sqlStateOf(Object.assign(new Error('no'), { code: '42703' }))).toBe('42703');
    expect(sqlStateOf(Object.assign(new Error('no'), { code: 'ECONNRESET' }))).toBeUndefined();
    expect(sqlStateOf(undefined)).toBeUndefined();
  });
});
