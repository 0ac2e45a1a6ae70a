import { randomUUID } from 'node:crypto';
import { openProxiedService, type ProxiedService } from '../test/proxied-service';

describe('what a request sends to the database', () => {
  let proxied: ProxiedService;
  beforeAll(async () => {
    proxied = await openProxiedService();
  });
  afterAll(() => proxied?.close());

  type Headers = Record<string, string>;
  const append = (headers?: Headers) =>
    proxied.service.post(
      '/v1/events',
      {
        aggregateType: 'invoice',
        aggregateId: randomUUID(),
        expectedVersion: 0,
        events: [{ eventType: 'invoice.issued', payload: {}, correlationId: randomUUID() }],
      },
      headers,
    );
  const createUser = (email: string, headers?: Headers) =>
    proxied.service.post('/v1/users', { email }, headers);

  /** Round trips of one request when all is prepared; the fewest of several, since the service also does work of its own. */
  async function countRoundTrips(
    status: number,
    ask: () => Promise<{ readonly status: number }>,
  ): Promise<number> {
    const counts: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      proxied.proxy.resetCounts();
      expect((await ask()).status).toBe(status);
      counts.push(proxied.proxy.counts.roundTrips);
    }
    return Math.min(...counts);
  }

  it('is one statement for the key and one for an event, a user or a page of a list', async () => {
    const [event] = (await append()).body.events;
    const user = (await createUser('ada@trips.example')).body;
    for (const path of [
      `/v1/events/${event.id}`,
      `/v1/users/${user.id}`,
      '/v1/users?email=ADA@trips.example',
      '/v1/events?type=invoice.issued',
    ]) {
      const trips = await countRoundTrips(200, () => proxied.service.get(path));
      expect([path, trips]).toEqual([path, 2]);
    }
  });

  describe('where it writes', () => {
    const createSomeone = (headers?: Headers) => createUser(`${randomUUID()}@trips.example`, headers);

    it('is, behind the look-up of its key, a statement, or BEGIN with it and COMMIT', async () => {
      expect(await countRoundTrips(201, () => append())).toBe(2);
      expect(await countRoundTrips(201, () => createSomeone())).toBe(3);
    });

    it('is the record of an Idempotency-Key as well, of which the writing goes with COMMIT', async () => {
      const once = () => ({ 'idempotency-key': randomUUID() });
      // The lock of the key with BEGIN, the look for a record, what is written, COMMIT.
      expect(await countRoundTrips(201, () => createSomeone(once()))).toBe(5);
      // A savepoint around what is written.
      expect(await countRoundTrips(201, () => append(once()))).toBe(7);
    });
  });
});
