import { randomUUID } from 'node:crypto';
import { openProxy, openTestDatabase, type PostgresProxy, type TestDatabase } from '@holdfast/local-postgres';
import { openService, type TestService } from '../test/test-service';

describe('what a request sends to the database', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let service: TestService;
  beforeAll(async () => {
    database = await openTestDatabase();
    proxy = await openProxy({ port: Number(new URL(database.url).port) });
    service = await openService(proxy.urlThrough(database.url));
  });
  afterAll(async () => {
    await service?.close();
    await proxy?.close();
    await database?.drop();
  });

  /** Round trips of one request when all is prepared; the fewest of several, since the service also does work of its own. */
  async function countRoundTrips(ask: () => Promise<{ readonly status: number }>): Promise<number> {
    const counts: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      proxy.resetCounts();
      expect((await ask()).status).toBe(200);
      counts.push(proxy.counts.roundTrips);
    }
    return Math.min(...counts);
  }

  it('is one statement for the key and one for an event, a user or a page of a list', async () => {
    const aggregateId = randomUUID();
    const { body } = await service.post('/v1/events', {
      aggregateType: 'invoice',
      aggregateId,
      expectedVersion: 0,
      events: [{ eventType: 'invoice.issued', payload: {}, correlationId: randomUUID() }],
    });
    const [event] = body.events;
    const user = (await service.post('/v1/users', { email: 'ada@trips.example' })).body;
    for (const path of [
      `/v1/events/${event.id}`,
      `/v1/users/${user.id}`,
      '/v1/users?email=ADA@trips.example',
      '/v1/events?type=invoice.issued',
    ]) {
      const trips = await countRoundTrips(() => service.get(path));
      expect([path, trips]).toEqual([path, 2]);
    }
  });
});
