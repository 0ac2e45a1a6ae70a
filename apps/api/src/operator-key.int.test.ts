import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { createApiKeyText } from './api-key-text';
import { writeOperatorKey } from './operator-key';
import { withDataSource } from './test/suffering';
import { openService, TEST_PEPPER } from './test/test-service';

const MAIN = join(__dirname, '..', 'dist', 'operator-key-main.js');

describe('the key of an operator', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database?.drop());

  const runMain = (variables: Record<string, string>, ...args: string[]) =>
    promisify(execFile)(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: database.url, ...variables },
    });

  it('is made by a command that shows it once, and opens every route', async () => {
    const { stdout } = await runMain({ API_KEY_PEPPER: TEST_PEPPER }, 'on call');
    expect(stdout).toMatch(/^hf_test_\w{8}_\w{43}_\w{6}\n$/);
    const headers = { authorization: `Bearer ${stdout.trim()}` };
    const service = await openService(database.url);
    try {
      for (const path of ['/v1/organizations?status=active', '/v1/events?type=a', '/console/data']) {
        expect({ path, status: (await service.get(path, headers)).status }).toEqual({ path, status: 200 });
      }
      const { body } = await service.get('/v1/api-keys/recently-used', headers);
      expect(body.items).toContainEqual(
        expect.objectContaining({
          name: 'on call',
          organizationId: null,
          prefix: stdout.split('_').slice(0, 3).join('_'),
        }),
      );
    } finally {
      await service.close();
    }
  });

  it('is not made without the pepper of the service', async () => {
    await expect(runMain({})).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^operator-key: API_KEY_PEPPER: [^\n]+\n$/),
    });
  });

  it('is the same one when it is written again, and stays revoked', async () => {
    const key = { text: createApiKeyText('test').text, name: 'kept' };
    await withDataSource(database.url, async ({ manager }) => {
      const write = () => writeOperatorKey(manager, TEST_PEPPER, key);
      expect([await write(), await write()]).toEqual([true, true]);
      const rows = await manager.query(`select id from api_keys where name = 'kept'`);
      expect(rows).toHaveLength(1);
      await manager.query(`update api_keys set status = 'revoked' where name = 'kept'`);
      expect(await write()).toBe(false);
    });
  });
});
