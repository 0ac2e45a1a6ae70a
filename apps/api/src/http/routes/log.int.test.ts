import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { type FollowedTail, followTail } from '../../test/follow-tail';
import { openService, openServiceOnTestDatabase } from '../../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let tails: FollowedTail[] = [];
beforeEach(async () => {
  service = await openServiceOnTestDatabase();
});
afterEach(async () => {
  for (const tail of tails) tail.close();
  tails = [];
  await service.close();
});

async function append(count = 1, eventType = 'order.placed', to = service): Promise<string[]> {
  const { body } = await to.post('/v1/events', {
    aggregateType: 'order',
    aggregateId: randomUUID(),
    expectedVersion: 0,
    events: Array.from({ length: count }, (_, at) => ({ eventType, payload: { at } })),
  });
  return body.events.map(({ id }: { id: string }) => id);
}

async function follow(query = '', headers: Record<string, string> = {}, url = service.url) {
  const tail = await followTail(`${url}/v1/events/tail${query}`, headers);
  tails.push(tail);
  return tail;
}

const idsOf = ({ messages }: FollowedTail) =>
  messages.filter(({ event }) => event === 'message').map(({ data }) => data.id);

describe('GET /v1/log', () => {
  it('gives every event once, in order, from page to page and from the last one on', async () => {
    const ids = [...(await append(3)), ...(await append(2))];
    const seen: string[] = [];
    let query = '?limit=2';
    let isAtEnd = false;
    while (!isAtEnd) {
      const { status, body } = await service.get(`/v1/log${query}`);
      expect(status).toBe(200);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      query = `?limit=2&after=${body.after}`;
      isAtEnd = body.isAtEnd;
    }
    expect(seen).toEqual(ids);
    const more = await append(1);
    const { body } = await service.get(`/v1/log${query}`);
    expect(body).toMatchObject({ items: [{ id: more[0] }], isAtEnd: true, lag: 0 });
  });

  it('does not pass what is still being written', async () => {
    const writer = new pg.Client(service.database.url);
    await writer.connect();
    try {
      await writer.query('begin');
      const late = randomUUID();
      await writer.query(
        `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, payload)
         values ('order', $1, 1, $2, 'late', now(), '{}')`,
        [randomUUID(), late],
      );
      const [early] = await append(1);
      const before = await service.get('/v1/log');
      expect(before.body.items).toEqual([]);
      await writer.query('commit');
      const after = await service.get(`/v1/log?after=${before.body.after}`);
      expect(after.body.items.map(({ id }: { id: string }) => id)).toEqual([late, early]);
    } finally {
      await writer.end();
    }
  });

  it('refuses what is no cursor of it, and says when the log was restored to an earlier state', async () => {
    expect(await service.get('/v1/log?after=nonsense')).toMatchObject({
      status: 400,
      body: { type: '/problems/invalid-cursor' },
    });
    const beyond = Buffer.from(JSON.stringify(['log', '99999', randomUUID()])).toString('base64url');
    expect(await service.get(`/v1/log?after=${beyond}`)).toMatchObject({
      status: 410,
      body: { type: '/problems/log-rewound' },
    });
  });
});

describe('GET /v1/events/tail', () => {
  it('shows what is there, then what is appended, each with where to come back to', async () => {
    const first = await append(2);
    const tail = await follow();
    expect(tail).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    await tail.waitFor(2);
    const second = await append(1);
    await tail.waitFor(3);
    expect(idsOf(tail)).toEqual([...first, ...second]);
    const stored = await service.get(`/v1/events/${first[0]}`);
    expect(tail.messages[0]?.data).toEqual(stored.body);

    const again = await follow('', { 'last-event-id': tail.messages[1]?.id ?? '' });
    await again.waitFor(1);
    expect(idsOf(again)).toEqual(second);
    const byQuery = await follow(`?after=${tail.messages[0]?.id}`);
    await byQuery.waitFor(2);
    expect(idsOf(byQuery)).toEqual([first[1], ...second]);
  });

  it('shows only what was asked for, and comes back behind what it left out', async () => {
    const tail = await follow('?type=order.paid&type=order.sent');
    await append(3, 'order.placed');
    const [paid] = await append(1, 'order.paid');
    const [sent] = await append(1, 'order.sent');
    await tail.waitFor(2);
    expect(idsOf(tail)).toEqual([paid, sent]);
    await append(1, 'order.placed');
    const others = await follow('?type=order.never');
    const { body } = await service.get('/v1/log');
    const isBehindAll = async () => {
      const place = others.lastEventId;
      if (place === undefined) return false;
      return (await service.get(`/v1/log?after=${place}`)).body.items.length === 0;
    };
    while (!(await isBehindAll())) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(body.items).toHaveLength(6);
  });

  it('skips nothing of many writers, whenever it comes back', async () => {
    const writing = Promise.all(
      Array.from({ length: 8 }, async () => {
        const ids: string[] = [];
        for (let at = 0; at < 10; at += 1) ids.push(...(await append(1 + (at % 3))));
        return ids;
      }),
    );
    let after: string | undefined;
    const seen: string[] = [];
    for (const most of [10, 30, 60]) {
      const tail = await follow(after === undefined ? '' : `?after=${after}`);
      await tail.waitFor(most - seen.length);
      tail.close();
      seen.push(...idsOf(tail));
      after = tail.messages.at(-1)?.id ?? after;
    }
    const written = (await writing).flat();
    const last = await follow(`?after=${after}`);
    await last.waitFor(written.length - seen.length);
    seen.push(...idsOf(last));
    expect(seen).toHaveLength(written.length);
    expect(new Set(seen)).toEqual(new Set(written));
  });

  it('begins at the end if it is asked to, also when it comes back before anything has come', async () => {
    await append(3);
    const tail = await follow('?from=end');
    expect(tail.status).toBe(200);
    while (tail.lastEventId === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    tail.close();
    const meanwhile = await append(2);
    // As an EventSource does: the address is the same.
    const again = await follow('?from=end', { 'last-event-id': tail.lastEventId });
    const later = await append(1);
    await again.waitFor(3);
    expect(idsOf(tail)).toEqual([]);
    expect(idsOf(again)).toEqual([...meanwhile, ...later]);
    const fromStart = await follow('?from=start');
    await fromStart.waitFor(6);
  });

  it('loses nothing of many writers from the end on, and shows little of what was there', async () => {
    const before = await append(200);
    const stopping = new AbortController();
    const written: { readonly id: string; readonly begunAtMs: number }[] = [];
    const writing = Array.from({ length: 8 }, async () => {
      while (!stopping.signal.aborted) {
        const begunAtMs = performance.now();
        written.push(...(await append(2)).map((id) => ({ id, begunAtMs })));
      }
    });
    try {
      for (let round = 0; round < 5; round += 1) {
        const tail = await follow('?from=end');
        const sinceMs = performance.now();
        await tail.waitFor(40);
        const seen = idsOf(tail);
        const reached = new Set(seen);
        expect(reached.size).toBe(seen.length);
        expect(before.filter((id) => reached.has(id))).toEqual([]);
        // Of those that were begun after the answer, each stands there that is not newer than what was read last.
        const { items } = (await service.get(`/v1/log?limit=500&after=${tail.messages[0]?.id}`)).body;
        const upTo = items.findIndex(({ id }: { id: string }) => id === seen.at(-1));
        const inOrder = [seen[0], ...items.slice(0, upTo + 1).map(({ id }: { id: string }) => id)];
        expect(seen).toEqual(inOrder);
        const first = written.find(({ begunAtMs }) => begunAtMs > sinceMs);
        expect(first === undefined || seen.includes(first.id)).toBe(true);
        tail.close();
      }
    } finally {
      stopping.abort();
      await Promise.all(writing);
    }
  });

  it('listens on one connection however many follow', async () => {
    await append(1);
    const all = await Promise.all(Array.from({ length: 12 }, () => follow()));
    await Promise.all(all.map((tail) => tail.waitFor(1)));
    await append(1);
    await Promise.all(all.map((tail) => tail.waitFor(2)));
    const client = new pg.Client(service.database.url);
    await client.connect();
    try {
      const { rows } = await client.query(
        `select count(*)::int as count from pg_stat_activity
         where datname = current_database() and application_name like '% listener'`,
      );
      expect(rows).toEqual([{ count: 1 }]);
    } finally {
      await client.end();
    }
  });

  it('is woken by each way of writing, after the commit', async () => {
    const client = new pg.Client(service.database.url);
    await client.connect();
    try {
      await client.query('listen holdfast_events');
      const event = { aggregateType: 'order', aggregateId: randomUUID(), eventType: 'a', payload: {} };
      const writes = [
        () => append(1),
        () =>
          service.post('/v1/events/append', {
            streams: [
              {
                aggregateType: 'order',
                aggregateId: randomUUID(),
                expectedVersion: 0,
                events: [{ eventType: 'a', payload: {} }],
              },
            ],
          }),
        () =>
          service.send('/v1/events/import', {
            method: 'POST',
            headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': randomUUID() },
            body: JSON.stringify(event),
          }),
      ];
      for (const write of writes) {
        const announced = once(client, 'notification');
        await write();
        await announced;
      }
    } finally {
      await client.end();
    }
  });

  it('is refused with a time to come back when too many follow, and let in when one has gone', async () => {
    const small = await openService(service.database.url, { ADMISSION_TAILS: '1' });
    try {
      const tail = await follow('', {}, small.url);
      const refused = await small.get('/v1/events/tail');
      expect(refused).toMatchObject({ status: 503, body: { type: '/problems/saturated' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      tail.close();
      for (;;) {
        const next = await follow('', {}, small.url);
        if (next.status === 200) break;
        next.close();
      }
    } finally {
      await small.close();
    }
  });

  it('ends when the service goes down, with the reason', async () => {
    const other = await openService(service.database.url);
    const tail = await follow('', {}, other.url);
    await append(1);
    await tail.waitFor(1);
    await other.close();
    await tail.ended;
    expect(tail.messages.at(-1)).toMatchObject({ event: 'end', data: { reason: 'shutting-down' } });
    expect(other.readLog().find(({ message }) => message === 'Service has shut down')).toMatchObject({
      cut: 0,
    });
  });

  it.each(['?after=nonsense', '?type=', '?limit=5', '?from=middle', '?from=end&after=x'])(
    'refuses %s before it begins',
    async (query) => {
      expect((await service.get(`/v1/events/tail${query}`)).status).toBe(400);
    },
  );
});
