import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { readAll } from '../test/read-all';
import { ApiKeyRepository } from './api-key.repository';
import { OrganizationRepository } from './organization.repository';
import { UserRepository } from './user.repository';

describe('API keys', () => {
  let database: OpenDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openDatabase();
    manager = database.dataSource.manager;
  });

  afterAll(() => database.close());

  it('finds only a usable key, and never reads its hash by the way', async () => {
    const keys = new ApiKeyRepository(manager);
    const user = await new UserRepository(manager).create({});
    const organization = await new OrganizationRepository(manager).create({ name: 'Keys' });
    const now = new Date('2026-06-01T00:00:00Z');
    const hashes = [randomBytes(32), randomBytes(32)] as const;
    const lasting = await keys.create({
      userId: user.id,
      organizationId: organization.id,
      keyHash: hashes[0],
    });
    const expiring = await keys.create({ userId: user.id, keyHash: hashes[1], expiresAt: now });

    const found = await keys.findUsable(hashes[0], now);
    expect(found).toMatchObject({ id: lasting.id });
    expect(found?.keyHash).toBeUndefined();
    await expect(keys.findUsable(hashes[1], now)).resolves.toBeNull();
    await expect(keys.findUsable(hashes[1], new Date(now.getTime() - 1))).resolves.toMatchObject({
      id: expiring.id,
    });
    await expect(keys.findUsable(randomBytes(32), now)).resolves.toBeNull();
    const due = await readAll((page) => keys.pageExpiringBefore(new Date(now.getTime() + 1), page), 1);
    expect(due.map(({ id }) => id)).toEqual([expiring.id]);
  });

  it('pages through the keys of a user and of an organization, in one status', async () => {
    const keys = new ApiKeyRepository(manager);
    const users = new UserRepository(manager);
    const [user, other] = [await users.create({}), await users.create({})];
    const organization = await new OrganizationRepository(manager).create({ name: 'Many keys' });
    const mine: string[] = [];
    for (let at = 0; at < 5; at++) {
      const owner = { userId: user.id, organizationId: organization.id };
      mine.push((await keys.create({ ...owner, keyHash: randomBytes(32) })).id);
    }
    const theirs = { userId: other.id, organizationId: organization.id, keyHash: randomBytes(32) };
    const { id } = await keys.create(theirs);

    const ofUser = await readAll((page) => keys.pageByUser(user.id, 'active', page), 2);
    expect(ofUser.map((key) => key.id)).toEqual(mine);
    const all = await readAll((page) => keys.pageByOrganization(organization.id, 'active', page), 2);
    expect(all.map((key) => key.id)).toEqual([...mine, id]);
    await expect(keys.pageByUser(user.id, 'revoked')).resolves.toEqual({ items: [], nextCursor: null });
    const { nextCursor } = await keys.pageByUser(user.id, 'active', { limit: 1 });
    await expect(
      keys.pageByOrganization(organization.id, 'active', { cursor: nextCursor ?? '' }),
    ).rejects.toMatchObject({ code: 'HOLDFAST_INVALID_CURSOR' });
  });

  it('writes a use at most once a minute', async () => {
    const keys = new ApiKeyRepository(manager);
    const user = await new UserRepository(manager).create({});
    const keyHash = randomBytes(32);
    const key = await keys.create({ userId: user.id, keyHash });
    const at = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 0, 0, seconds));
    await expect(keys.recordUse(keyHash, at(0))).resolves.toBe(true);
    await expect(keys.recordUse(keyHash, at(59))).resolves.toBe(false);
    await expect(keys.recordUse(keyHash, at(61))).resolves.toBe(true);
    const used = await readAll((page) => keys.pageByLatestUse(page), 1);
    expect(used).toMatchObject([{ id: key.id, lastUsedAt: at(61) }]);
  });

  it('refuses a hash that is not 32 bytes', async () => {
    const user = await new UserRepository(manager).create({});
    const short = new ApiKeyRepository(manager).create({ userId: user.id, keyHash: randomBytes(16) });
    await expect(short).rejects.toMatchObject({ driverError: { constraint: 'api_keys_key_hash_check' } });
  });
});
