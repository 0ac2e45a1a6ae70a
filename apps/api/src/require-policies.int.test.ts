import { randomBytes } from 'node:crypto';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { withDataSource } from './test/suffering';
import { openService } from './test/test-service';

const SUFFIX = randomBytes(6).toString('hex');
const [APPLICATION, ONLOOKER] = [`app_${SUFFIX}`, `app_and_read_${SUFFIX}`];

describe('the role that the service is started with', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await openTestDatabase();
    await withDataSource(database.url, async (owner) => {
      await owner.query(`create role ${APPLICATION} login password 'test' in role holdfast_app`);
      await owner.query(`create role ${ONLOOKER} login password 'test' in role holdfast_app, holdfast_read`);
    });
  });
  afterAll(async () => {
    await withDataSource(database.url, (owner) => owner.query(`drop role ${APPLICATION}, ${ONLOOKER}`));
    await database?.drop();
  });

  const start = (username: string | undefined, environment: string) => {
    const url = new URL(database.url);
    if (username !== undefined) Object.assign(url, { username, password: 'test' });
    return openService(database.url, {
      NODE_ENV: environment,
      DATABASE_URL: url.href,
      OPERATIONS_DATABASE_URL: database.url,
    });
  };

  it.each([
    ['the owner, in production', undefined, 'production'],
    ['the owner, in staging', undefined, 'staging'],
    ['a login that also sees everything, in production', ONLOOKER, 'production'],
  ])('is refused: %s', async (_name, username, environment) => {
    await expect(start(username, environment)).rejects.toMatchObject({
      code: 'HOLDFAST_POLICIES_NOT_HELD',
      message: expect.stringMatching(/DATABASE_URL.*holdfast_app alone/),
    });
  });

  it.each([
    [APPLICATION, 'production', 0],
    [undefined, 'test', 1],
    [ONLOOKER, 'test', 1],
  ])('is taken: %s, in %s, with as many warnings as %i', async (username, environment, warnings) => {
    const service = await start(username, environment);
    try {
      const told = service.readLog().filter(({ message }) => String(message).startsWith('The policies'));
      expect(told).toHaveLength(warnings);
    } finally {
      await service.close();
    }
  });
});
