import { EntitySchema } from 'typeorm';
import { settings as pool, rejection } from '../test/settings';
import { createPostgresDataSource } from './data-source';
import type { PostgresDataSourceSettings } from './data-source-settings';
import { closeDataSource, openDataSource } from './open-data-source';
import { readEvents, readReplicaStats } from './pool-registry';
import { probeServer } from './probe';
import { readPoolStats } from './read-pool-stats';

const SECRET_URL = 'postgres://app:hunter2@127.0.0.1:1/app';

const valid: PostgresDataSourceSettings = {
  url: SECRET_URL,
  pool,
  applicationName: 'test',
  entities: [],
  migrations: [],
};

function create(changes: object = {}) {
  return createPostgresDataSource({ ...valid, ...changes });
}

function refusal(work: () => unknown): Error & { readonly option?: string; readonly value?: unknown } {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('A refusal was expected');
}

describe('createPostgresDataSource', () => {
  it.each([undefined, null, SECRET_URL, [], 5, () => valid])(
    'says that %p is no object with settings',
    (value) => {
      const error = refusal(() => createPostgresDataSource(value as never));
      expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'createPostgresDataSource options' });
      expect(error.message).toContain(
        'an object with url, pool, applicationName, entities, migrations, but is ',
      );
      expect(`${error.message} ${String(error.value)}`).not.toContain('hunter2');
    },
  );

  it.each<[string, unknown]>([
    ['pool', undefined],
    ['pool', null],
    ['pool', 5],
    ['pool', 'fast'],
    ['pool', []],
    ['applicationName', undefined],
    ['applicationName', ''],
    ['applicationName', 5],
    ['entities', undefined],
    ['entities', 'src/*.ts'],
    ['entities', 5],
    ['migrations', null],
    ['migrations', true],
    ['ssl', null],
    ['ssl', 'require'],
    ['ssl', 1],
    ['statementTimeoutMs', '5s'],
    ['logger', null],
    ['logger', {}],
    ['logger', 'console'],
    ['replicas', null],
    ['replicas', SECRET_URL],
    ['replicas', [SECRET_URL]],
    ['replicas', 5],
    ['typeorm', null],
    ['typeorm', 'all'],
    ['typeorm', true],
    ['pooler', 'on'],
    ['pooler', true],
    ['maxPreparedStatements', '5'],
  ])('names %s when it is %p, and says what is allowed', (option, value) => {
    const error = refusal(() => create({ [option]: value }));
    expect(error).toMatchObject({ name: 'InvalidOptionError', code: 'INVALID_OPTION', option });
    expect(error.message).toMatch(new RegExp(`^${option} must be .+, but is .+`));
    expect(error.message).not.toContain('hunter2');
  });

  it.each([
    ['createPostgresDataSource option', 'statements', { statements: 'on' }],
    ['createPostgresDataSource option', 'synchronize', { synchronize: true }],
    ['pool option', 'maxx', { pool: { ...pool, maxx: 5 } }],
    ['replicas option', 'url', { replicas: { url: SECRET_URL } }],
    ['replicas.pool option', 'maxx', { replicas: { urls: [SECRET_URL], pool: { maxx: 5 } } }],
    ['typeorm option', 'cache', { typeorm: { cache: true } }],
  ])('refuses a %s that nobody reads: %s', (option, value, changes) => {
    expect(refusal(() => create(changes))).toMatchObject({ code: 'INVALID_OPTION', option, value });
  });

  it.each([
    ['entities[1]', { entities: [class Order {}, undefined] }],
    ['entities[0]', { entities: [{}] }],
    ['migrations[0]', { migrations: [5] }],
    ['replicas.urls', { replicas: { urls: SECRET_URL } }],
    ['replicas.urls', { replicas: { urls: '' } }],
    ['replicas.urls', { replicas: {} }],
    ['replicas.urls[1]', { replicas: { urls: [SECRET_URL, 'db-2'] } }],
    ['replicas.pool', { replicas: { urls: [SECRET_URL], pool: 5 } }],
    ['replicas.pool.max', { replicas: { urls: [SECRET_URL], pool: { max: '5' } } }],
    ['replicas.maxLagMs', { replicas: { urls: [SECRET_URL], maxLagMs: null } }],
    ['replicas.checkMs', { replicas: { urls: [], checkMs: '5' } }],
  ])('names the part that is wrong: %s', (option, changes) => {
    const error = refusal(() => create(changes));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option });
    expect(error.message).not.toContain('hunter2');
  });

  it('takes what it is documented to take (control)', () => {
    const entities = [class Order {}, new EntitySchema({ name: 'Note', columns: {} }), 'dist/**/*.entity.js'];
    create({
      entities,
      ssl: { rejectUnauthorized: false },
      typeorm: { logging: false },
      statementTimeoutMs: 5,
    });
    create({ entities: { Order: class Order {} }, ssl: true, replicas: { urls: [] } });
    create({ logger: undefined, replicas: undefined, typeorm: undefined, ssl: undefined });
  });
});

describe('where a DataSource is expected', () => {
  const wrong = [undefined, null, SECRET_URL.replace('hunter2', ''), 5, {}, [], () => valid];
  const functions: readonly [string, (value: never) => unknown][] = [
    ['openDataSource', openDataSource],
    ['closeDataSource', closeDataSource],
    ['readEvents', readEvents],
    ['readReplicaStats', readReplicaStats],
    ['readPoolStats', readPoolStats],
    ['probeServer', (value) => probeServer(value, { timeoutMs: 5 })],
  ];

  it.each(functions)('%s says so', async (_, call) => {
    for (const value of wrong) {
      expect(await rejection((async () => call(value as never))())).toMatchObject({
        code: 'INVALID_OPTION',
        option: 'dataSource',
        message: expect.stringContaining('createPostgresDataSource'),
      });
    }
  });
});

describe('options of a wrong kind', () => {
  it.each<[string, unknown]>([
    ['openDataSource options', null],
    ['openDataSource options', 5],
    ['openDataSource option', { timeoutMs: 5 }],
    ['attempts', { attempts: null }],
    ['attempts', { attempts: '3' }],
    ['signal', { signal: null }],
    ['signal', { signal: '' }],
    ['signal', { signal: new AbortController() }],
    ['logger', { logger: null }],
    ['logger', { logger: '' }],
  ])('are refused by openDataSource by the name of %s before it connects: %p', async (option, options) => {
    expect(await rejection(openDataSource(create(), options as object))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
    });
  });

  it.each<[string, unknown]>([
    ['probeServer options', undefined],
    ['probeServer options', null],
    ['probeServer options', 500],
    ['probeServer options', '500'],
    ['probeServer option', { timeout: 500 }],
    ['timeoutMs', {}],
    ['timeoutMs', { timeoutMs: '500' }],
    ['timeoutMs', { timeoutMs: null }],
  ])('are refused by probeServer by the name of %s: %p', async (option, options) => {
    expect(await rejection(probeServer(create(), options as never))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
    });
  });
});
