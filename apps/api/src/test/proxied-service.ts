import { openProxy, openTestDatabase, type PostgresProxy } from '@holdfast/local-postgres';
import { openService, type TestService } from './test-service';

/** A service that reaches its database through a proxy. */
export interface ProxiedService {
  readonly proxy: PostgresProxy;
  readonly service: TestService;
  close(): Promise<void>;
}

export async function openProxiedService(): Promise<ProxiedService> {
  const database = await openTestDatabase();
  const proxy = await openProxy({ port: Number(new URL(database.url).port) });
  const service = await openService(proxy.urlThrough(database.url));
  return {
    proxy,
    service,
    async close() {
      await service.close();
      await proxy.close();
      await database.drop();
    },
  };
}
