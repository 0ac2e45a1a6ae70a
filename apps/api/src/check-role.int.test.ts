import { randomBytes } from 'node:crypto';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { createService } from './compose';
import { runWorker } from './run-worker';
import { readServiceSettings, readWorkerSettings } from './settings';
import { withDataSource } from './test/suffering';
import { openService, TEST_PEPPER } from './test/test-service';

const SUFFIX = randomBytes(6).toString('hex');
const ROLES = {
  none: `none_${SUFFIX}`,
  app: `app_${SUFFIX}`,
  worker: `worker_${SUFFIX}`,
  onlooker: `app_and_read_${SUFFIX}`,
};

describe('the role that a process has', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    await withDataSource(database.url, async (owner) => {
      await owner.query(`create role ${ROLES.none} login password 'role'`);
      await owner.query(`create role ${ROLES.app} login password 'role' in role holdfast_app`);
      await owner.query(`create role ${ROLES.worker} login password 'role' in role holdfast_worker`);
      await owner.query(
        `create role ${ROLES.onlooker} login password 'role' in role holdfast_app, holdfast_read`,
      );
    });
  });
  afterAll(async () => {
    await withDataSource(database.url, (owner) =>
      owner.query(`drop role ${Object.values(ROLES).join(', ')}`),
    );
    await database.drop();
  });

  const variablesOf = (url: string, role?: string) => ({
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'error',
    API_KEY_PEPPER: TEST_PEPPER,
    DATABASE_URL:
      role === undefined ? url : Object.assign(new URL(url), { username: role, password: 'role' }).href,
  });
  const listen = async (variables: ReturnType<typeof variablesOf>) => {
    const service = createService(readServiceSettings(variables));
    try {
      await service.listen();
    } finally {
      await service.close();
    }
  };
  const work = (variables: ReturnType<typeof variablesOf>) =>
    runWorker(readWorkerSettings(variables), AbortSignal.timeout(500));

  it('is that of the service, or the service does not listen, and says what to do', async () => {
    await expect(listen(variablesOf(database.url, ROLES.app))).resolves.toBeUndefined();
    for (const role of [ROLES.none, ROLES.worker]) {
      await expect(listen(variablesOf(database.url, role))).rejects.toMatchObject({
        code: 'HOLDFAST_ROLE_UNFIT',
        message: expect.stringMatching(
          new RegExp(`^Role "${role}" is not a member of holdfast_app .*roles.sql$`),
        ),
      });
    }
  });

  it('is that of a worker, or the worker does not run, rather than seeing no event', async () => {
    await expect(work(variablesOf(database.url, ROLES.worker))).resolves.toBeUndefined();
    for (const role of [ROLES.none, ROLES.app]) {
      await expect(work(variablesOf(database.url, role))).rejects.toMatchObject({
        code: 'HOLDFAST_ROLE_UNFIT',
        message: expect.stringContaining('not a member of holdfast_worker'),
      });
    }
  });

  it.each([
    ['the owner, in production', undefined, 'production'],
    ['the owner, in staging', undefined, 'staging'],
    ['a login that also sees everything, in production', ROLES.onlooker, 'production'],
  ])('is refused where it keeps organizations not apart: %s', async (_name, role, environment) => {
    const { DATABASE_URL } = variablesOf(database.url, role);
    const variables = { NODE_ENV: environment, DATABASE_URL, OPERATIONS_DATABASE_URL: database.url };
    await expect(openService(database.url, variables)).rejects.toMatchObject({
      code: 'HOLDFAST_POLICIES_NOT_HELD',
      message: expect.stringMatching(/DATABASE_URL.*holdfast_app alone/),
    });
  });

  it('is refused by a database whose policies know no scopes yet', async () => {
    const read = (owner: DataSource) =>
      owner.query(`select pg_get_functiondef('tenancy.tenant()'::regprocedure) as function`);
    const [{ function: present }] = await withDataSource(database.url, read);
    const replace = (definition: string) => withDataSource(database.url, (owner) => owner.query(definition));
    await replace(present.replaceAll('v_scope', 'v_other'));
    try {
      await expect(listen(variablesOf(database.url, ROLES.app))).rejects.toMatchObject({
        code: 'HOLDFAST_NOT_MIGRATED',
      });
    } finally {
      await replace(present);
    }
  });

  it('is refused where a table has policies that do not hold', async () => {
    const { DATABASE_URL } = variablesOf(database.url, ROLES.app);
    const variables = { NODE_ENV: 'production', DATABASE_URL, OPERATIONS_DATABASE_URL: database.url };
    const setSecurity = (how: string) =>
      withDataSource(database.url, (owner) => owner.query(`alter table users ${how} row level security`));
    await setSecurity('disable');
    try {
      await expect(openService(database.url, variables)).rejects.toMatchObject({
        code: 'HOLDFAST_POLICIES_NOT_HELD',
        message: expect.stringMatching(/row-level security be enabled on users$/),
      });
    } finally {
      await setSecurity('enable');
    }
  });

  it.each([
    [ROLES.app, 'production', 0],
    [undefined, 'test', 1],
    [ROLES.onlooker, 'test', 1],
  ])('is taken: %s, in %s, with as many warnings as %i', async (role, environment, warnings) => {
    const { DATABASE_URL } = variablesOf(database.url, role);
    const variables = { NODE_ENV: environment, DATABASE_URL, OPERATIONS_DATABASE_URL: database.url };
    const service = await openService(database.url, variables);
    try {
      const told = service.readLog().filter(({ message }) => String(message).startsWith('The policies'));
      expect(told).toHaveLength(warnings);
    } finally {
      await service.close();
    }
  });

  it('may be the owner, of whom the service warns, as policies do not hold for it', async () => {
    const warned = async (variables: Record<string, string>) => {
      const service = await openService(database.url, variables);
      const lines = service.readLog().filter(({ level }) => level === 'warn');
      await service.close();
      return lines.map(({ message, role, lacks }) => ({ message, role, lacks }));
    };
    expect(await warned({})).toEqual([
      { message: 'The policies of the database do not hold for the role of the service', role: 'holdfast' },
    ]);
    const { DATABASE_URL } = variablesOf(database.url, ROLES.app);
    expect(await warned({ DATABASE_URL, OPERATIONS_DATABASE_URL: database.url })).toEqual([]);
    expect(await warned({ DATABASE_URL })).toEqual([
      {
        message: 'The console cannot show or replay everything as this role: set OPERATIONS_DATABASE_URL',
        role: ROLES.app,
        lacks: ['holdfast_worker', 'holdfast_read'],
      },
    ]);
  });

  it('shows events of all organizations, or the console says that it does not see them, rather than none', async () => {
    const look = async (variables: Record<string, string>) => {
      const service = await openService(database.url, variables);
      try {
        // What /metrics tells of events was read at the scrape before.
        await service.get('/metrics');
        const { events, deadLetters } = (await service.get('/console/data')).body;
        const isTold = /^holdfast_events_waiting \d/m.test((await service.get('/metrics')).body);
        return { states: [events.state, deadLetters.state], reason: events.reason, isTold };
      } finally {
        await service.close();
      }
    };
    const { DATABASE_URL } = variablesOf(database.url, ROLES.app);
    expect(await look({ DATABASE_URL, OPERATIONS_DATABASE_URL: database.url })).toEqual({
      states: ['known', 'known'],
      isTold: true,
    });
    expect(await look({ DATABASE_URL })).toEqual({
      states: ['unknown', 'unknown'],
      reason: `Role ${ROLES.app} is not a member of holdfast_read: set OPERATIONS_DATABASE_URL`,
      isTold: false,
    });
  });

  it('finds a migrated database, or the process ends and says so', async () => {
    await using empty = await openTestDatabase({ empty: true });
    for (const start of [listen, work]) {
      await expect(start(variablesOf(empty.url))).rejects.toMatchObject({
        code: 'HOLDFAST_NOT_MIGRATED',
        message: expect.stringContaining('Run the migrations first'),
      });
    }
  });
});
