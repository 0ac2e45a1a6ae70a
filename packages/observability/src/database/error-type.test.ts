import { createDatabaseError } from '../test/database-source';
import { isSqlState, readErrorType } from './error-type';

describe('readErrorType', () => {
  it.each(['23505', 'ECONNRESET', 'POOL_EXHAUSTED'])('reads the code %s', (code) => {
    expect(readErrorType(createDatabaseError(code))).toBe(code);
  });

  it('reads the code nearest to the surface, through every wrapper', () => {
    const lost = createDatabaseError('ECONNREFUSED');
    expect(readErrorType(new Error('wrapped', { cause: lost }))).toBe('ECONNREFUSED');
    expect(readErrorType(Object.assign(new Error('wrapped'), { driverError: lost }))).toBe('ECONNREFUSED');
    expect(readErrorType(new AggregateError([new Error('one'), lost]))).toBe('ECONNREFUSED');
    expect(readErrorType(Object.assign(new Error('own', { cause: lost }), { code: 'CONNECT_TIMEOUT' }))).toBe(
      'CONNECT_TIMEOUT',
    );
  });

  it.each([
    ['an error without a code', new Error('Connection terminated unexpectedly')],
    ['a code that could be a value', Object.assign(new Error('x'), { code: 'ada@example.org' })],
    ['a number', Object.assign(new Error('x'), { code: 42 })],
    ['no error at all', 'thrown text'],
  ])('reads %s as _OTHER', (_what, error) => {
    expect(readErrorType(error)).toBe('_OTHER');
  });

  it('ends on an error that is its own cause', () => {
    const error = new Error('circle');
    error.cause = error;
    expect(readErrorType(error)).toBe('_OTHER');
  });
});

describe('isSqlState', () => {
  it.each(['23505', '08P01', 'XX000', 'P0001', 'HV00N'])('knows %s', (code) => {
    expect(isSqlState(code)).toBe(true);
  });

  it.each(['EPIPE', '_OTHER', 'ECONNRESET'])('tells %s from it', (code) => {
    expect(isSqlState(code)).toBe(false);
  });
});
