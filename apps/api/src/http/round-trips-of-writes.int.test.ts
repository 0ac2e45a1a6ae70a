import { randomUUID } from 'node:crypto';
import { openProxy, openTestDatabase, type PostgresProxy, type TestDatabase } from '@holdfast/local-postgres';
import { openService, type TestService } from '../test/test-service';

describe('what a request that writes sends to the database', () => {
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

  const append = (headers?: Record<string, string>) =>
    service.post(
      '/v1/events',
      {
        aggregateType: 'invoice',
        aggregateId: randomUUID(),
        expectedVersion: 0,
        events: [{ eventType: 'invoice.issued', payload: {}, correlationId: randomUUID() }],
      },
      headers,
    );
  const createUser = (headers?: Record<string, string>) =>
    service.post('/v1/users', { email: `${randomUUID()}@trips.example` }, headers);

  /** Round trips of one request when all is prepared; the fewest of several, since the service also does work of its own. */
  async function countRoundTrips(ask: () => Promise<{ readonly status: number }>): Promise<number> {
    const counts: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      proxy.resetCounts();
      expect((await ask()).status).toBe(201);
      counts.push(proxy.counts.roundTrips);
    }
    return Math.min(...counts);
  }

  it('is, behind the look-up of its key, a statement, or BEGIN with it and COMMIT', async () => {
    expect(await countRoundTrips(() => append())).toBe(2);
    expect(await countRoundTrips(() => createUser())).toBe(3);
  });

  it('is the record of an Idempotency-Key as well, of which the writing goes with COMMIT', async () => {
    const once = () => ({ 'idempotency-key': randomUUID() });
    // The lock of the key with BEGIN, the look for a record, what is written, COMMIT.
    expect(await countRoundTrips(() => createUser(once()))).toBe(5);
    // A savepoint around what is written.
    expect(await countRoundTrips(() => append(once()))).toBe(7);
  });
});
