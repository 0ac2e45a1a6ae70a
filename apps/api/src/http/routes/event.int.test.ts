import { randomUUID } from 'node:crypto';
import { openServiceOnTestDatabase } from '../../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

interface Given {
  readonly aggregateId?: string;
  readonly expectedVersion?: number;
  readonly events?: readonly Record<string, unknown>[];
}

/** Appends to an invoice's stream; by default one event to a new one. */
function append({ aggregateId = randomUUID(), expectedVersion = 0, events = [{}] }: Given) {
  const filled = events.map((event) => ({ eventType: 'invoice.paid', payload: {}, ...event }));
  return service.post('/v1/events', {
    aggregateType: 'invoice',
    aggregateId,
    expectedVersion,
    events: filled,
  });
}

describe('POST /v1/events', () => {
  it('appends all events with versions without gaps, and says where to read them', async () => {
    const aggregateId = randomUUID();
    const created = await append({ aggregateId, events: [{}, {}] });
    expect(created).toMatchObject({
      status: 201,
      body: { appended: true, events: [{ aggregateVersion: 1 }, { aggregateVersion: 2 }] },
    });
    const stream = await service.get(created.headers.get('location') ?? '');
    expect(stream.body.items.map(({ id }: { id: string }) => id)).toEqual(
      created.body.events.map(({ id }: { id: string }) => id),
    );
  });

  it('keeps every fact of an event', async () => {
    const given = {
      eventType: 'invoice.sent',
      payload: { amountCents: 4200, lines: [{ text: '😀', price: null }] },
      eventTimestamp: '2026-01-31T10:30:00+01:00',
      organizationId: randomUUID(),
      userId: randomUUID(),
      correlationId: randomUUID(),
      tags: ['order:1', 'vip'],
      idempotencyKey: 'once',
    };
    const { body } = await append({ events: [given] });
    const read = await service.get(`/v1/events/${body.events[0].id}`);
    expect(read).toMatchObject({
      status: 200,
      body: { ...given, eventTimestamp: '2026-01-31T09:30:00.000Z', aggregateVersion: 1 },
    });
  });

  it.each(['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])(
    'keeps the moment %s',
    async (eventTimestamp) => {
      const { body } = await append({ events: [{ eventTimestamp }] });
      expect((await service.get(`/v1/events/${body.events[0].id}`)).body).toMatchObject({ eventTimestamp });
    },
  );

  it('takes an id of any form that PostgreSQL takes', async () => {
    const aggregateId = 'a7c0ffee-0000-0000-0000-00000000000b';
    expect(await append({ aggregateId })).toMatchObject({ status: 201 });
    expect((await service.get(`/v1/streams/invoice/${aggregateId}`)).body.items).toMatchObject([
      { aggregateId },
    ]);
  });

  it('lets exactly one of eight through that saw the same version', async () => {
    const aggregateId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => append({ aggregateId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ type: '/problems/version-conflict' });
    expect((await service.get(`/v1/streams/invoice/${aggregateId}`)).body.items).toHaveLength(1);
  });

  it('refuses a version the stream has not reached', async () => {
    expect(await append({ expectedVersion: 3 })).toMatchObject({ status: 409 });
  });

  it('answers a repeat like the first append, and writes nothing', async () => {
    const repeated = {
      aggregateId: randomUUID(),
      events: [{ idempotencyKey: 'a' }, { idempotencyKey: 'b' }],
    };
    const first = await append(repeated);
    const second = await append(repeated);
    expect(second).toMatchObject({ status: 200, body: { appended: false, events: first.body.events } });
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect((await service.get(`/v1/streams/invoice/${repeated.aggregateId}`)).body.items).toHaveLength(2);
  });

  it('answers repeats alike when they arrive together', async () => {
    const repeated = { aggregateId: randomUUID(), events: [{ idempotencyKey: 'a' }] };
    const answers = await Promise.all(Array.from({ length: 4 }, () => append(repeated)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.events[0].id)).size).toBe(1);
  });

  it('answers 422 when a key comes back for something else, and writes nothing', async () => {
    const aggregateId = randomUUID();
    await append({ aggregateId, events: [{ idempotencyKey: 'a', payload: { cents: 1 } }] });
    for (const events of [
      [{ idempotencyKey: 'a', payload: { cents: 2 } }],
      [{ idempotencyKey: 'a', payload: { cents: 1 }, eventType: 'invoice.sent' }],
      [{ idempotencyKey: 'a', payload: { cents: 1 } }, { idempotencyKey: 'b' }],
    ]) {
      const answer = await append({ aggregateId, expectedVersion: 1, events });
      expect(answer).toMatchObject({
        status: 422,
        body: {
          type: '/problems/idempotency-key-reused',
          detail: expect.stringContaining(`invoice ${aggregateId}`),
        },
      });
    }
    expect((await service.get(`/v1/streams/invoice/${aggregateId}`)).body.items).toHaveLength(1);
  });

  it('takes texts and tags up to the limits of the domain', async () => {
    const tags = Array.from({ length: 100 }, (_, at) => `limit:${at}`);
    const event = { eventType: 'e'.repeat(200), tags, idempotencyKey: 'k'.repeat(200) };
    const request = {
      aggregateType: 'a'.repeat(200),
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [{ ...event, payload: {} }],
    };
    expect(await service.post('/v1/events', request)).toMatchObject({ status: 201 });
  });

  it('refuses a payload with U+0000, which jsonb cannot hold', async () => {
    const answer = await append({ events: [{ payload: { text: 'a\u0000b' } }] });
    expect(answer).toMatchObject({ status: 400, body: { type: '/problems/text-not-storable' } });
  });

  it.each([
    [{ events: [] }, 'body.events'],
    [{ expectedVersion: -1 }, 'body.expectedVersion'],
    [{ expectedVersion: 2 ** 31 }, 'body.expectedVersion'],
    [{ aggregateId: 'seven' }, 'body.aggregateId'],
    [{ events: [{ payload: [] }] }, 'body.events.0.payload'],
    [{ events: [{ eventTimestamp: 'yesterday' }] }, 'body.events.0.eventTimestamp'],
    [{ events: [{ eventTimestamp: '0000-06-01T00:00:00Z' }] }, 'body.events.0.eventTimestamp'],
    [{ events: [{ eventTimestamp: '9999-12-31T23:59:59-01:00' }] }, 'body.events.0.eventTimestamp'],
    [{ events: [{ version: 7 }] }, 'body.events.0'],
    [{ events: [{ idempotencyKey: 'a' }, { idempotencyKey: 'a' }] }, 'body.events.1.idempotencyKey'],
    [{ events: [{ idempotencyKey: 'a' }, {}] }, 'body.events.1.idempotencyKey'],
    [{ events: [{}, { idempotencyKey: 'a' }] }, 'body.events.0.idempotencyKey'],
    [{ events: [{ idempotencyKey: 'k'.repeat(201) }] }, 'body.events.0.idempotencyKey'],
    [{ events: [{ tags: Array(101).fill('t') }] }, 'body.events.0.tags'],
  ])('refuses %j', async (given, path) => {
    expect(await append(given)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });
});

describe('GET /v1/streams/:aggregateType/:aggregateId', () => {
  it('reads on from a version', async () => {
    const aggregateId = randomUUID();
    await append({ aggregateId, events: [{}, {}, {}] });
    const path = `/v1/streams/invoice/${aggregateId}?limit=2`;
    const first = await service.get(path);
    expect(first.body).toMatchObject({
      items: [{ aggregateVersion: 1 }, { aggregateVersion: 2 }],
      nextFromVersion: 3,
    });
    const second = await service.get(`${path}&fromVersion=3`);
    expect(second.body).toMatchObject({ items: [{ aggregateVersion: 3 }], nextFromVersion: null });
  });

  it('is empty where nothing was appended', async () => {
    expect(await service.get(`/v1/streams/invoice/${randomUUID()}`)).toMatchObject({
      status: 200,
      body: { items: [], nextFromVersion: null },
    });
  });

  it('takes a type with characters of a path', async () => {
    const aggregateId = randomUUID();
    const aggregateType = 'größe/einheit?';
    const created = await service.post('/v1/events', {
      aggregateType,
      aggregateId,
      expectedVersion: 0,
      events: [{ eventType: 'x', payload: {} }],
    });
    expect((await service.get(created.headers.get('location') ?? '')).body.items).toMatchObject([
      { aggregateType },
    ]);
  });
});

describe('GET /v1/events', () => {
  const organizationId = randomUUID();
  const userId = randomUUID();
  const correlationId = randomUUID();
  beforeAll(async () => {
    for (let at = 1; at <= 3; at += 1) {
      const eventTimestamp = `2026-01-0${at}T00:00:00Z`;
      await append({
        events: [
          {
            eventType: 'seed.a',
            organizationId,
            userId,
            correlationId,
            tags: ['t:1', `n:${at}`],
            eventTimestamp,
          },
          { eventType: 'seed.b', organizationId, userId, tags: ['t:1'], eventTimestamp },
        ],
      });
    }
  });

  it.each([
    ['type=seed.a', 3],
    [`organizationId=${organizationId}`, 6],
    [`organizationId=${organizationId}&type=seed.b`, 3],
    [`userId=${userId}`, 6],
    [`userId=${userId}&type=seed.a`, 3],
    ['tag=t:1', 6],
    ['tag=t:1&tag=n:2', 1],
  ])('pages through ?%s, latest first, while events are appended between the pages', async (query, count) => {
    const seen: { id: string; globalPosition: string }[] = [];
    let cursor = '';
    do {
      const page = await service.get(`/v1/events?${query}&limit=2${cursor && `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.items);
      cursor = page.body.nextCursor ?? '';
      await append({ events: [{ eventTimestamp: '2026-06-01T00:00:00Z' }] });
    } while (cursor !== '');
    expect(seen).toHaveLength(count);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(count);
    const positions = seen.map(({ globalPosition }) => Number(globalPosition));
    expect(positions).toEqual(positions.toSorted((a, b) => b - a));
  });

  it('lists what one operation did, first things first', async () => {
    const { body } = await service.get(`/v1/events?correlationId=${correlationId}`);
    const days = body.items.map(({ eventTimestamp }: { eventTimestamp: string }) =>
      eventTimestamp.slice(8, 10),
    );
    expect(days).toEqual(['01', '02', '03']);
  });

  it.each([
    '',
    '?limit=5',
    `?organizationId=${organizationId}&userId=${userId}`,
    '?type=a&tag=b',
    `?correlationId=${correlationId}&type=a`,
    `?correlationId=${correlationId}&limit=5`,
  ])('refuses the query "%s" and says what is allowed', async (query) => {
    const answer = await service.get(`/v1/events${query}`);
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'query', message: expect.stringContaining('?correlationId=') }] },
    });
  });

  it('answers 404 for an event that does not exist', async () => {
    expect(await service.get(`/v1/events/${randomUUID()}`)).toMatchObject({ status: 404 });
  });
});
