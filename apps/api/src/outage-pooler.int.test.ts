import {
  isPgBouncerInstalled,
  openPgBouncer,
  openTemporaryServer,
  type PgBouncer,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { migrate } from './test/migrate';
import { openService, type TestService } from './test/test-service';

const QUESTION = '/v1/organizations?domain=acme.example';

(isPgBouncerInstalled() ? describe : describe.skip)(
  'behind PgBouncer, which stays, while the database is gone',
  () => {
    let server: TemporaryServer;
    let pooler: PgBouncer;
    let service: TestService;
    beforeAll(async () => {
      server = await openTemporaryServer();
      await migrate(server.url);
      // As deploy/pgbouncer.ini has it.
      pooler = await openPgBouncer(server, { mode: 'transaction', settings: { server_login_retry: 1 } });
      service = await openService(pooler.url, {
        DATABASE_POOLER: 'transaction',
        DATABASE_DEADLINE_MS: '1000',
        DATABASE_POOL_CREATE_MS: '1000',
      });
    });
    afterAll(async () => {
      await service?.close();
      await pooler?.stop();
      await server?.stop();
    });

    it('answers that it is an outage, and recovers by itself', async () => {
      // Without the fault all is well.
      expect((await service.get(QUESTION)).status).toBe(200);
      await server.halt('immediate');
      const statuses = new Set<number>();
      // What PgBouncer refuses logins with means a fault of the client when the server says it.
      while (!JSON.stringify(service.readLog()).includes('"code":"08P01"')) {
        const asked = [service.get(QUESTION), service.post('/v1/organizations', { name: 'Acme' })];
        for (const { status } of await Promise.all(asked)) statuses.add(status);
      }
      // 504 is of those that PgBouncer lets wait for the server.
      expect([...statuses].filter((status) => status !== 503 && status !== 504)).toEqual([]);
      expect(statuses).toContain(503);
      expect(await service.get('/readyz')).toMatchObject({ status: 503, body: { reason: 'database' } });
      await server.resume();
      while ((await service.get(QUESTION)).status !== 200);
      expect((await service.post('/v1/organizations', { name: 'Acme' })).status).toBe(201);
    });
  },
);
