import { LOCAL_DATABASE_URL, SettingsError } from '@holdfast/db';
import { readServiceSettings } from './settings';

const API_KEY_PEPPER = 'a pepper of thirty-two bytes, or more';

describe('readServiceSettings', () => {
  it('has a default for everything but the pepper', () => {
    expect(readServiceSettings({ API_KEY_PEPPER })).toEqual({
      host: '127.0.0.1',
      port: 3_000,
      logLevel: 'info',
      logFormat: 'json',
      shutdownTimeoutMs: 10_000,
      databaseDeadlineMs: 5_000,
      admission: {
        most: { reads: 32, writes: 64, appends: 64 },
        limitMin: 16,
        limitMax: 256,
        queueMax: 16,
        queueWaitMs: 100,
        latencyMs: 1_000,
      },
      clientRate: { perSecond: 1_000, burst: 2_000, most: 10_000 },
      longRequests: { tails: 100, imports: 2 },
      databaseUrl: LOCAL_DATABASE_URL,
      environment: 'default',
      maxRequestTimeoutMs: 30_000,
      apiKeyPepper: API_KEY_PEPPER,
      variables: { API_KEY_PEPPER },
      operationsVariables: { API_KEY_PEPPER },
    });
  });

  it('lets another role operate the database, and names what is wrong with it', () => {
    const [own, operator] = ['postgres://app:a@db/holdfast', 'postgres://owner:b@db/holdfast'];
    const variables = { API_KEY_PEPPER, DATABASE_URL: own, OPERATIONS_DATABASE_URL: operator };
    expect(readServiceSettings(variables)).toMatchObject({
      databaseUrl: own,
      operationsVariables: { DATABASE_URL: operator },
    });
    expect(() =>
      readServiceSettings({ ...variables, OPERATIONS_DATABASE_URL: 'mysql://u:secret@db' }),
    ).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ variable: 'OPERATIONS_DATABASE_URL' })],
        message: expect.not.stringContaining('secret'),
      }),
    );
  });

  it('takes what is set, and an empty variable as not set', () => {
    const variables = {
      HOST: '0.0.0.0',
      PORT: '0',
      LOG_FORMAT: '',
      SHUTDOWN_TIMEOUT_MS: '0',
      NODE_ENV: 'test',
      API_KEY_PEPPER,
    };
    expect(readServiceSettings(variables)).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      logFormat: 'json',
      shutdownTimeoutMs: 0,
      environment: 'test',
    });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '1e3'],
    ['HOST', 'http://localhost'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_FORMAT', 'xml'],
    ['SHUTDOWN_TIMEOUT_MS', '600001'],
    ['DATABASE_DEADLINE_MS', '0'],
    ['DATABASE_DEADLINE_MS', '600001'],
    ['ADMISSION_READS', '0'],
    ['ADMISSION_WRITES', '10001'],
    ['ADMISSION_APPENDS', 'x'],
    ['ADMISSION_LIMIT_MIN', '257'],
    ['ADMISSION_LIMIT_MAX', '15'],
    ['ADMISSION_QUEUE', '-1'],
    ['ADMISSION_QUEUE_MS', '0'],
    ['ADMISSION_LATENCY_MS', '600001'],
    ['CLIENT_RATE', '-1'],
    ['CLIENT_BURST', '0'],
    ['CLIENT_COUNT', '10001'],
    ['REQUEST_TIMEOUT_MAX_MS', '0'],
    ['DATABASE_POOL_MAX', '0'],
    ['NODE_ENV', 'prod'],
  ])('refuses %s "%s", with variable, value and what is allowed', (variable, value) => {
    expect(() => readServiceSettings({ API_KEY_PEPPER, [variable]: value })).toThrow(
      expect.objectContaining({ problems: [{ variable, value, allowed: expect.any(String) }] }),
    );
  });

  it.each(['', 'x'.repeat(31)])('refuses the pepper "%s", and does not show it', (pepper) => {
    expect(() => readServiceSettings({ API_KEY_PEPPER: pepper })).toThrow(
      expect.objectContaining({
        message: 'API_KEY_PEPPER: a secret of at least 32 bytes, as of: openssl rand -base64 32',
      }),
    );
  });

  it('names everything that is wrong at once', () => {
    const read = () =>
      readServiceSettings({ API_KEY_PEPPER, PORT: 'x', LOG_LEVEL: 'y', DATABASE_POOL_MIN: 'z' });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(/PORT is "x".*LOG_LEVEL is "y".*DATABASE_POOL_MIN is "z"/);
  });
});
