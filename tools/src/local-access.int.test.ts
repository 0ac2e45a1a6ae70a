import { createDataSource, type Variables } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { provideAccess } from './local-access';
import { openScratchFolder } from './test/scratch-folder';

const API_KEY_PEPPER = 'a pepper of thirty-two bytes, or more';

describe('the access of a service that is started here', () => {
  let database: TestDatabase;
  let owner: DataSource;
  beforeAll(async () => {
    database = await openTestDatabase();
    owner = await createDataSource('test', { DATABASE_URL: database.url }).initialize();
  });
  afterAll(async () => {
    await owner?.destroy();
    await database?.drop();
  });

  const provide = (directory: string, isLocal: boolean, more: Variables = {}) => {
    const variables = { DATABASE_URL: database.url, API_KEY_PEPPER, ...more };
    const served = {
      description: '',
      url: database.url,
      variables,
      isLocal,
      [Symbol.asyncDispose]: async () => undefined,
    };
    return provideAccess(served, directory, owner);
  };

  it('has one key from start to start, and another one when that was revoked', async () => {
    using folder = openScratchFolder();
    const first = await provide(folder.path, false);
    expect(first.variables.DATABASE_URL).toBe(database.url);
    expect(first.developmentKey).toMatch(/^hf_development_/);
    expect((await provide(folder.path, false)).developmentKey).toBe(first.developmentKey);
    await owner.query(`update api_keys set status = 'revoked' where name = 'development'`);
    const next = await provide(folder.path, false);
    expect(next.developmentKey).toMatch(/^hf_development_/);
    expect(next.developmentKey).not.toBe(first.developmentKey);
  });

  it('is a role of its own on a server that is kept here, which owns nothing', async () => {
    using folder = openScratchFolder();
    const { variables } = await provide(folder.path, true);
    expect(variables.OPERATIONS_DATABASE_URL).toBe(database.url);
    // A second start does not take the password from the first.
    expect((await provide(folder.path, true)).variables).toEqual(variables);
    const service = await createDataSource('test', variables).initialize();
    try {
      const [who] = await service.query('select current_user as name');
      expect(who.name).toBe('holdfast_service');
      expect(await service.query('select id from api_keys')).toEqual([]);
      expect((await owner.query('select id from api_keys')).length).toBeGreaterThan(0);
      await expect(service.query('select key_hash from api_keys')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await service.destroy();
    }
  });

  it.each(['staging', 'production'])('has no key in %s', async (environment) => {
    using folder = openScratchFolder();
    const { developmentKey } = await provide(folder.path, false, { NODE_ENV: environment });
    expect(developmentKey).toBeUndefined();
  });
});
