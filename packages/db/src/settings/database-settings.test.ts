import { readDatabaseSettings, readEnvironment } from './database-settings';
import { LOCAL_DATABASE_URL } from './database-url';
import { ENVIRONMENTS, type Environment, type Variables } from './environment';
import { POOL_SETTINGS } from './pool-settings';
import { SettingsError } from './settings-error';

const URL = 'postgres://app:s3cret-passw0rd@db.example.org:5432/app';

/** What is said of the variables; nothing where they can be used. */
function messageOf(variables: Variables): string {
  try {
    readDatabaseSettings('default', variables);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

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
        DATABASE_POOL_LIFETIME_MS: '9',
        DATABASE_POOL_VALIDATE_AFTER_MS: '10',
        DATABASE_POOL_LEAK_MS: '0',
        DATABASE_POOLER: 'session',
        DATABASE_REPLICA_URLS: ` ${URL} postgres://b@c/d `,
        DATABASE_LISTEN_URL: 'postgres://app@server/app',
      }),
    ).toEqual({
      environment: 'production',
      url: URL,
      replicaUrls: [URL, 'postgres://b@c/d'],
      listenUrl: 'postgres://app@server/app',
      pool: {
        min: 1,
        max: 2,
        idleMs: 3,
        acquireMs: 4,
        createMs: 5,
        destroyMs: 6,
        createRetryMs: 7,
        lifetimeMs: 9,
        validateAfterMs: 10,
        leakMs: 0,
      },
      pooler: 'session',
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
      'DATABASE_POOL_MAX is "1": at least the minimum, which is 2 in default; set DATABASE_POOL_MIN as well',
    ],
    [
      { DATABASE_POOL_MIN: '4', DATABASE_POOL_MAX: '3' },
      'DATABASE_POOL_MIN is "4": at most the maximum, which is 3 (DATABASE_POOL_MAX,',
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
    [
      { DATABASE_URL: 'postgres://a:s3cret@[::1]:port/d' },
      'DATABASE_URL: the port "port" is not a number from 1 to 65535',
    ],
    [
      { DATABASE_URL: 's3cret' },
      'DATABASE_URL: not a URL; characters such as / # ? % in the user name or password must be percent-encoded; allowed is postgres://',
    ],
    [
      { DATABASE_URL: 'postgres://a:p%zz@h/d' },
      'DATABASE_URL: a % that is not the start of a percent-encoded character; characters such as',
    ],
    [{ DATABASE_URL: 'postgres://a%zz:p@h/d' }, 'DATABASE_URL: a % that is not the start'],
    [{ DATABASE_URL: 'postgres://a:p@h/d%zz' }, 'DATABASE_URL: a % that is not the start'],
    // Without its / this is the host "u" with the port 12, which can be read, and is not meant.
    [{ DATABASE_URL: 'postgres://u:12/s3cret@h:5432/d' }, 'DATABASE_URL: an @ after the host; characters'],
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

  it('name a maximum with its environment, and only once', () => {
    expect(() =>
      readDatabaseSettings('production', {
        DATABASE_URL: URL,
        DATABASE_POOL_MAX: '5',
        DATABASE_POOL_MIN: '',
      }),
    ).toThrow(
      /^DATABASE_POOL_MAX is "5": at least the minimum, which is 10 in production; set DATABASE_POOL_MIN as well$/,
    );
    expect(() =>
      readDatabaseSettings('production', {
        DATABASE_URL: URL,
        DATABASE_POOL_MAX: '5',
        DATABASE_POOL_MIN: 'few',
      }),
    ).toThrow(/^DATABASE_POOL_MIN is "few": [^;]*$/);
  });

  describe.each(['/', '#', '?', ':', '@', '%'])('with an unescaped %s in the password', (character) => {
    const passwords = [
      `hunter2${character}winter9`,
      `${character}hunter2`,
      `winter9${character}`,
      `4242${character}hunter2`,
      `hunter2${character}4242`,
      `winter9@hunter2${character}4242`,
      `winter9${character}hunter2@4242`,
      `winter9:hunter2${character}4242`,
      `winter9/${character}hunter2`,
    ];
    const urls = passwords.flatMap((password) => [
      `postgres://u:${password}@h:5432/db`,
      `postgres://u:${password}@h:port/db`,
      `postgres://u:${password}@h/db`,
      `postgres://u:${password}@h`,
      `postgres://:${password}@h:5432`,
      `mysql://u:${password}@h:5432/db`,
      `u:${password}@h:5432/db`,
      `${password}@h:port`,
      password,
    ]);

    it('never show it', () => {
      const messages = urls.map((url) => messageOf({ DATABASE_URL: url }));
      expect(messages.filter((message) => /hunter2|winter9|4242/.test(message))).toEqual([]);
      expect(messages.join()).toContain('must be percent-encoded');
    });
  });

  it.each(['/', '#', '?'])('refuse a password with an unescaped %s, and take it escaped', (character) => {
    for (const password of [`hunter2${character}x`, `42${character}x`, `${character}x`]) {
      const url = (written: string) => ({ DATABASE_URL: `postgres://u:${written}@h:5432/db` });
      expect(() => readDatabaseSettings('default', url(password))).toThrow(/must be percent-encoded/);
      expect(readDatabaseSettings('default', url(encodeURIComponent(password)))).toMatchObject({
        url: url(encodeURIComponent(password)).DATABASE_URL,
      });
    }
  });

  it('refuse an environment that does not exist', () => {
    expect(readEnvironment({})).toBe('default');
    expect(() => readEnvironment({ NODE_ENV: 'prod' })).toThrow(
      'NODE_ENV is "prod": one of default, development, test, staging, production',
    );
    expect(() => readDatabaseSettings('prod' as Environment, {})).toThrow(SettingsError);
  });

  it('listen where everything else goes, unless there is another address for it', () => {
    expect(readDatabaseSettings('test', { DATABASE_URL: URL }).listenUrl).toBeUndefined();
    expect(readDatabaseSettings('test', { DATABASE_LISTEN_URL: '' }).listenUrl).toBeUndefined();
    const read = () => readDatabaseSettings('test', { DATABASE_LISTEN_URL: 'postgres://u:hidden@h:5432' });
    expect(read).toThrow(/^DATABASE_LISTEN_URL: no database name; allowed is postgres:/);
    expect(read).not.toThrow(/hidden/);
  });

  it('name the replica whose URL cannot be used, and never show it', () => {
    const read = () => readDatabaseSettings('test', { DATABASE_REPLICA_URLS: `${URL} mysql://u:hidden@h/d` });
    expect(read).toThrow(/^DATABASE_REPLICA_URLS: URL 2: the scheme is "mysql:\/\/"/);
    expect(read).not.toThrow(/hidden/);
  });
});
