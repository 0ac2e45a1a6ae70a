import { readConnectionTarget, redactUrl } from './connection-target';

describe('redactUrl', () => {
  it.each([
    ['postgres://app:secret@db:5432/app', 'postgres://app:***@db:5432/app'],
    ['postgres://app@db/app', 'postgres://app@db/app'],
    ['postgres://db/app?password=secret&sslmode=require', 'postgres://db/app?password=***&sslmode=require'],
    ['postgres://app:sec#secret@db/app', 'postgres://***'],
    ['host=db password=secret', 'postgres://***'],
    ['', 'postgres://***'],
  ])('renders %s as %s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
    expect(redactUrl(url)).not.toContain('sec');
  });
});

describe('readConnectionTarget', () => {
  it('reads host, port, database and user, and no password', () => {
    const target = readConnectionTarget('postgres://app:secret@db.internal:6543/orders');
    expect(target).toEqual({ host: 'db.internal', port: 6543, database: 'orders', user: 'app' });
  });

  it('is empty for a URL that cannot be read', () => {
    expect(readConnectionTarget('postgres://app:secret@db:notaport/x').user).toBe('');
  });

  it.each([
    'user:secret@host/db',
    'postgres:/u:secret@h/d',
    'postgres:u:secret@h',
    'abc:secret@',
    'mysql://u:secret@h/d',
    '//u:secret@h/d',
  ])('hides %s altogether', (url) => {
    expect(redactUrl(url)).toBe('postgres://***');
  });

  it('hides a secret parameter however it is spelled', () => {
    expect(redactUrl('postgres://h/d?Password=secret&x=1')).toBe('postgres://h/d?Password=***&x=1');
  });
});
