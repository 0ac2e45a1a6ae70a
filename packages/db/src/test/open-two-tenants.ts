import { randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { createDataSource } from '../create-data-source';
import { newId } from '../new-id';
import { actFor } from '../tenancy/act-for';
import { openDatabase } from './open-database';

/** Two organizations, each with a key, and the application that acts for them. */
export interface TwoTenants {
  readonly dataSource: DataSource;
  readonly one: TestTenant;
  readonly other: TestTenant;
  /** In a transaction of the application's role that acts for the tenant, or for nobody. */
  as<T>(tenant: TestTenant | undefined, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface TestTenant {
  readonly organizationId: string;
  readonly keyHash: Buffer;
}

export async function openTwoTenants(): Promise<TwoTenants> {
  const { url, dataSource, close } = await openDatabase();
  const name = `app_${randomBytes(6).toString('hex')}`;
  await dataSource.query(`create role ${name} login password 'test' in role holdfast_app`);
  const address = new URL(url);
  Object.assign(address, { username: name, password: 'test' });
  const application = await createDataSource('test', { DATABASE_URL: address.href }).initialize();
  const createTenant = async (): Promise<TestTenant> => {
    const [organizationId, userId, keyHash] = [newId(), newId(), randomBytes(32)];
    await dataSource.query('insert into organizations (id, name) values ($1, $2)', [organizationId, 'one']);
    await dataSource.query('insert into users (id) values ($1)', [userId]);
    await dataSource.query(
      'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
      [newId(), userId, organizationId, keyHash],
    );
    return { organizationId, keyHash };
  };
  return {
    dataSource,
    one: await createTenant(),
    other: await createTenant(),
    as: (tenant, work) =>
      application.transaction('READ COMMITTED', async (manager) => {
        if (tenant !== undefined) await actFor(manager, tenant.keyHash);
        return work(manager);
      }),
    close: async () => {
      await application.destroy();
      await dataSource.query(`drop role ${name}`);
      await close();
    },
  };
}
