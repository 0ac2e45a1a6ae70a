import { randomBytes } from 'node:crypto';
import { createDataSource, type Variables } from '@holdfast/db';
import { openProxy, openTestDatabase, type PostgresProxy } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import { openService, type TestService } from './test-service';

/** A service as it is deployed: the policies bind its role. */
export interface BoundService {
  readonly service: TestService;
  /** Of its database, as whom no policy binds. */
  readonly url: string;
  /** Whom no policy binds. */
  readonly owner: DataSource;
  /** The role of the service. */
  readonly login: string;
  /** The service reaches its database through it. */
  readonly proxy: PostgresProxy;
  /** Starts another one on the same database. */
  openAnother(variables?: Variables): Promise<TestService>;
  close(): Promise<void>;
}

/** Starts a service on a migrated database of its own, as a login of `holdfast_app`. */
export async function openBoundService(variables: Variables = {}): Promise<BoundService> {
  const database = await openTestDatabase();
  const owner = await openDataSource(createDataSource('test', { DATABASE_URL: database.url }));
  const login = `service_${randomBytes(6).toString('hex')}`;
  await owner.query(`create role ${login} login password '${login}' in role holdfast_app`);
  const proxy = await openProxy({ port: Number(new URL(database.url).port) });
  const bound = Object.assign(new URL(proxy.urlThrough(database.url)), { username: login, password: login });
  const openAnother = (more: Variables = {}) =>
    openService(database.url, {
      DATABASE_URL: bound.href,
      OPERATIONS_DATABASE_URL: database.url,
      ...more,
    });
  const service = await openAnother(variables);
  return {
    service,
    url: database.url,
    owner,
    login,
    proxy,
    openAnother,
    async close() {
      await service.close();
      await proxy.close();
      await owner.query(`drop role ${login}`);
      await closeDataSource(owner);
      await database.drop();
    },
  };
}
