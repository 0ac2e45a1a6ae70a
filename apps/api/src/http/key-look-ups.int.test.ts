import { ApiKeyRepository } from '@holdfast/db';
import { createRepository } from '@holdfast/postgres';
import { createApiKeyText, hashApiKey } from '../api-key-text';
import type { Database } from '../database';
import { withDataSource } from '../test/suffering';
import { openServiceOnTestDatabase, TEST_KEY, TEST_PEPPER } from '../test/test-service';
import { KeyLookUps } from './key-look-ups';

const LIMIT_MS = 5_000;

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let other: string;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
  const userId = (await service.post('/v1/users', {})).body.id;
  other = (await service.post('/v1/api-keys', { userId, name: 'other', scopes: ['read'] })).body.key;
});
afterAll(() => service?.close());

/** Look-ups in the database of the service, and for which request each statement was sent. */
async function withLookUps(
  work: (lookUps: KeyLookUps, reads: readonly (string | undefined)[]) => Promise<void>,
): Promise<void> {
  await withDataSource(service.database.url, async (dataSource) => {
    const reads: (string | undefined)[] = [];
    const databaseFor = (requestId: string | undefined): Database => {
      const database: Database = {
        within: () => database,
        for: databaseFor,
        as: () => database,
        read: (_operation, ask) => {
          reads.push(requestId);
          return ask(dataSource.manager);
        },
        findOneBy: (_operation, entity, where) => createRepository(dataSource, entity).findOne({ where }),
        statement: (_operation, write) => write(dataSource.manager),
        groupedStatement: (_operation, write) => write(dataSource.manager),
        transaction: () => Promise.reject(new Error('not asked for')),
      };
      return database;
    };
    await work(new KeyLookUps(databaseFor(undefined), TEST_PEPPER), reads);
  });
}

describe('KeyLookUps', () => {
  it('gives each request of a turn its own key by one statement, and nobody to a key that is unknown', async () => {
    await withLookUps(async (lookUps, reads) => {
      const unknown = createApiKeyText('test').text;
      const keys = [TEST_KEY, other, unknown, 'no key at all', TEST_KEY];
      const found = await Promise.all(keys.map((key) => lookUps.find(key, LIMIT_MS, 'r')));
      expect(reads).toHaveLength(1);
      const hashes = found.map((identity) => identity?.keyHash.toString('hex'));
      const hashOf = (key: string) => hashApiKey(key, TEST_PEPPER).toString('hex');
      expect(hashes).toEqual([hashOf(TEST_KEY), hashOf(other), undefined, undefined, hashOf(TEST_KEY)]);
      expect(found.map((identity) => identity?.scopes.length)).toEqual([6, 1, undefined, undefined, 6]);
    });
  });

  it('keeps no answer for the next turn: what was revoked meanwhile is refused', async () => {
    const userId = (await service.post('/v1/users', {})).body.id;
    const { key, id } = (await service.post('/v1/api-keys', { userId, name: 'brief', scopes: ['read'] }))
      .body;
    await withLookUps(async (lookUps, reads) => {
      await expect(lookUps.find(key, LIMIT_MS, 'r')).resolves.toMatchObject({ keyId: id });
      await withDataSource(service.database.url, ({ manager }) => new ApiKeyRepository(manager).revoke(id));
      await expect(lookUps.find(key, LIMIT_MS, 'r')).resolves.toBeNull();
      expect(reads).toHaveLength(2);
    });
  });

  it('lets nobody wait for the time of another', async () => {
    await withLookUps(async (lookUps, reads) => {
      await Promise.all([lookUps.find(TEST_KEY, LIMIT_MS, 'r'), lookUps.find(TEST_KEY, 100, 'r')]);
      expect(reads).toHaveLength(2);
    });
  });

  it('are logged for their request, and for none where several share one', async () => {
    await withLookUps(async (lookUps, reads) => {
      await lookUps.find(TEST_KEY, LIMIT_MS, 'alone');
      await Promise.all(['first', 'second'].map((id) => lookUps.find(TEST_KEY, LIMIT_MS, id)));
      expect(reads).toEqual(['alone', undefined]);
    });
  });
});
