import { LOCAL_DATABASE_URL, readDatabaseSettings, readEnvironment } from './database-settings';
import { ENVIRONMENTS, type Environment } from './environment';
import { POOL_SETTINGS } from './pool-settings';
import { SettingsError } from './settings-error';

const URL = 'postgres://app:s3cret-passw0rd@db.example.org:5432/app';

describe('database settings', () => {
  it('are those of the environment where no variable says otherwise', () => {
    for (const environment of ENVIRONMENTS) {
      const { pool } = readDatabaseSettings(environment, { DATABASE_URL: URL });
      expect(pool).toEqual(POOL_SETTINGS[environment]);
    }
    expect(POOL_SETTINGS.production).toMatchObject({ min: 10, max: 30, idleMs: 300_000, createMs: 60_000 });
  });

  it('take every value from its variable', () => {
    expect(
      readDatabaseSettings('production', {
        DATABASE_URL: URL,
        DATABASE_POOL_MIN: '1',
        DATABASE_POOL_MAX: '2',
        DATABASE_POOL_IDLE_MS: '3',
        DATABASE_POOL_ACQUIRE_MS: '4',
        DATABASE_POOL_CREATE_MS: '5',
        DATABASE_POOL_DESTROY_MS: '6',
        DATABASE_POOL_CREATE_RETRY_MS: '7',
        DATABASE_SSL: 'verify-full',
        DATABASE_APPLICATION_NAME: 'billing',
        DATABASE_STATEMENT_TIMEOUT_MS: '8',
      }),
    ).toEqual({
      environment: 'production',
      url: URL,
      pool: { min: 1, max: 2, idleMs: 3, acquireMs: 4, createMs: 5, destroyMs: 6, createRetryMs: 7 },
      ssl: 'verify-full',
      applicationName: 'billing',
      statementTimeoutMs: 8,
    });
  });

  it('cannot be changed by accident', () => {
    expect(() => {
      (POOL_SETTINGS.default as { max: number }).max = 99;
    }).toThrow(TypeError);
  });

  it('fall back to the local server, except where a real one must be named', () => {
    expect(readDatabaseSettings('default', {}).url).toBe(LOCAL_DATABASE_URL);
    expect(readDatabaseSettings('development', { DATABASE_URL: '' }).url).toBe(LOCAL_DATABASE_URL);
    expect(() => readDatabaseSettings('production', {})).toThrow('DATABASE_URL: needed in production');
  });

  it.each([
    [
      { DATABASE_POOL_MIN: 'few' },
      'DATABASE_POOL_MIN is "few": a whole number of connections from 0 to 1000',
    ],
    [{ DATABASE_POOL_MAX: '0' }, 'DATABASE_POOL_MAX is "0": a whole number of connections from 1 to 1000'],
    [{ DATABASE_POOL_MAX: '1e3' }, 'DATABASE_POOL_MAX is "1e3"'],
    [
      { DATABASE_POOL_IDLE_MS: '-1' },
      'DATABASE_POOL_IDLE_MS is "-1": a whole number of ms from 1 to 2147483647',
    ],
    [{ DATABASE_POOL_MIN: '11' }, 'DATABASE_POOL_MIN is "11": at most the maximum, which is 10'],
    [
      { DATABASE_POOL_MAX: '1' },
      'DATABASE_POOL_MIN is "2": at most the maximum, which is 1 (DATABASE_POOL_MAX,',
    ],
    [{ DATABASE_SSL: 'yes' }, 'DATABASE_SSL is "yes": one of disable, require, verify-full'],
    [{ DATABASE_APPLICATION_NAME: 'naïve' }, 'DATABASE_APPLICATION_NAME is "naïve": 1 to 63 printable ASCII'],
    [
      { DATABASE_URL: 'mysql://a:s3cret@h/d' },
      'DATABASE_URL: the scheme is "mysql://"; allowed is postgres://',
    ],
    [
      { DATABASE_URL: 'postgres://a:s3cret@h:port/d' },
      'DATABASE_URL: the port "port" is not a number from 1 to 65535',
    ],
    [{ DATABASE_URL: 'postgres://a:s3cret@h:99999/d' }, 'DATABASE_URL: the port "99999" is not a number'],
    [{ DATABASE_URL: 'postgres://a:s3cret@h:5432' }, 'DATABASE_URL: no database name'],
    [{ DATABASE_URL: 's3cret' }, 'DATABASE_URL: not a URL; allowed is postgres://'],
  ])('refuse %j, naming variable, value and range', (variables, message) => {
    const read = () => readDatabaseSettings('default', variables);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(message);
  });

  it('name everything that is wrong at once, in one line', () => {
    expect(() => readDatabaseSettings('default', { DATABASE_POOL_MIN: 'x', DATABASE_SSL: 'y' })).toThrow(
      /^DATABASE_POOL_MIN is "x": .*; DATABASE_SSL is "y": [^\n]*$/,
    );
  });

  it('never show a password', () => {
    for (const url of [
      'mysql://a:s3cret@h/d',
      'postgres://a:s3cret@h:port/d',
      's3cret',
      'postgres://a:s3c:ret@h:x/d',
    ]) {
      expect(() => readDatabaseSettings('default', { DATABASE_URL: url })).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/s3c|ret@/) }),
      );
    }
  });

  it('refuse an environment that does not exist', () => {
    expect(readEnvironment({})).toBe('default');
    expect(() => readEnvironment({ NODE_ENV: 'prod' })).toThrow(
      'NODE_ENV is "prod": one of default, development, test, staging, production',
    );
    expect(() => readDatabaseSettings('prod' as Environment, {})).toThrow(SettingsError);
  });
});
