import { randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { actFor, createDataSource, newId } from '../index';
import { type OpenDatabase, openDatabase } from './open-database';

/** A key, and whose it is. */
export interface Tenant {
  readonly organizationId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly keyHash: Buffer;
}

/** Two organizations with a user and a key each, an operator's key, and a login in each role. */
export interface OpenTenants extends Pick<OpenDatabase, 'url' | 'dataSource' | 'close'> {
  readonly one: Tenant;
  readonly other: Tenant;
  /** The key is of the first user, and of no organization. */
  readonly operator: Tenant;
  readonly application: DataSource;
  readonly worker: DataSource;
  readonly reader: DataSource;
  createTenant(): Promise<Tenant>;
  /** In a transaction of the application that acts for the tenant, or for nobody, and is committed. */
  as<T>(tenant: Tenant | undefined, work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

export async function openTenants(): Promise<OpenTenants> {
  const { url, dataSource, close } = await openDatabase();
  const logins: { readonly name: string; readonly opened: DataSource }[] = [];
  const openLogin = async (role: string): Promise<DataSource> => {
    const name = `${role}_${randomBytes(6).toString('hex')}`;
    await dataSource.query(`create role ${name} login password 'test' in role ${role}`);
    const address = new URL(url);
    Object.assign(address, { username: name, password: 'test' });
    const opened = await createDataSource('test', { DATABASE_URL: address.href }).initialize();
    logins.push({ name, opened });
    return opened;
  };
  const createTenant = async (): Promise<Tenant> => {
    const tenant = { organizationId: newId(), userId: newId(), keyId: newId(), keyHash: randomBytes(32) };
    const { organizationId, userId, keyId, keyHash } = tenant;
    await dataSource.query('insert into organizations (id, name) values ($1, $2)', [
      organizationId,
      'an organization',
    ]);
    await dataSource.query('insert into users (id, email) values ($1, $2)', [
      userId,
      `${userId}@tenant.example`,
    ]);
    await dataSource.query(
      'insert into user_organizations (id, user_id, organization_id) values ($1, $2, $3)',
      [newId(), userId, organizationId],
    );
    await createKey(keyId, userId, organizationId, keyHash);
    return tenant;
  };
  const createKey = (id: string, userId: string, organizationId: string | null, keyHash: Buffer) =>
    dataSource.query(
      `insert into api_keys (id, user_id, organization_id, key_hash, scopes) values ($1, $2, $3, $4, '{read,keys}')`,
      [id, userId, organizationId, keyHash],
    );

  const [one, other] = [await createTenant(), await createTenant()];
  const operator = { ...one, keyId: newId(), keyHash: randomBytes(32) };
  await createKey(operator.keyId, operator.userId, null, operator.keyHash);
  const application = await openLogin('holdfast_app');
  return {
    url,
    dataSource,
    one,
    other,
    operator,
    application,
    worker: await openLogin('holdfast_worker'),
    reader: await openLogin('holdfast_read'),
    createTenant,
    as: (tenant, work) =>
      application.transaction('READ COMMITTED', async (manager) => {
        if (tenant !== undefined) await actFor(manager, tenant.keyHash);
        return work(manager);
      }),
    close: async () => {
      for (const { name, opened } of logins) {
        await opened.destroy();
        await dataSource.query(`drop role ${name}`);
      }
      await close();
    },
  };
}
