import { describeConnectionFailure } from './connection-failure';

const target = { host: 'db.internal', port: 5432, database: 'orders', user: 'app' };
const withCode = (code: string) => Object.assign(new Error('from below\nsecond line'), { code });

describe('describeConnectionFailure', () => {
  it.each([
    [withCode('ECONNREFUSED'), 'DATABASE_UNREACHABLE'],
    [withCode('EHOSTUNREACH'), 'DATABASE_UNREACHABLE'],
    [withCode('ENOTFOUND'), 'DATABASE_HOST_UNKNOWN'],
    [withCode('28P01'), 'DATABASE_LOGIN_REFUSED'],
    [withCode('28000'), 'DATABASE_LOGIN_REFUSED'],
    [withCode('3D000'), 'DATABASE_MISSING'],
    [withCode('53300'), 'DATABASE_TOO_MANY_CONNECTIONS'],
    [withCode('57P03'), 'DATABASE_NOT_READY'],
    [withCode('08P01'), 'DATABASE_POOLER_REFUSED'],
    [withCode('ETIMEDOUT'), 'DATABASE_TIMEOUT'],
    [withCode('CONNECT_TIMEOUT'), 'DATABASE_TIMEOUT'],
    [withCode('SELF_SIGNED_CERT_IN_CHAIN'), 'DATABASE_TLS_REFUSED'],
    [new Error('The server does not support SSL connections'), 'DATABASE_TLS_REFUSED'],
    [new Error('Connection terminated due to connection timeout'), 'DATABASE_TIMEOUT'],
    [new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]), 'DATABASE_UNREACHABLE'],
    [new Error('wrapped', { cause: withCode('3D000') }), 'DATABASE_MISSING'],
    [new Error('something else'), 'DATABASE_CONNECTION_FAILED'],
    ['not even an error', 'DATABASE_CONNECTION_FAILED'],
  ])('reads %p as %s, in one line that names the target', (error, code) => {
    const described = describeConnectionFailure(error, target);
    expect(described).toMatchObject({ name: 'DatabaseConnectionError', code, target, cause: error });
    expect(described.message).not.toMatch(/\n/);
    for (const part of ['db.internal:5432', '"orders"', '"app"']) expect(described.message).toContain(part);
  });

  it('stays on one line whatever the names contain', () => {
    const odd = { host: 'a\nb', port: 1, database: 'x\ny', user: 'u\nv' };
    expect(describeConnectionFailure(withCode('3D000'), odd).message).not.toMatch(/\n/);
  });
});
