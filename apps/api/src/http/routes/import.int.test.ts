import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { lineOf, NDJSON, render, sendImport } from '../../test/import-client';
import { beginImport } from '../../test/send-in-parts';
import { openService, openServiceOnTestDatabase } from '../../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  sendImport(service, body, { 'idempotency-key': randomUUID(), ...headers });
const readStream = async (id: string) => (await service.get(`/v1/streams/order/${id}`)).body.items;

describe('POST /v1/events/import', () => {
  it('appends lines in their order behind what the streams hold, with every fact of them', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await service.post('/v1/events', {
      aggregateType: 'order',
      aggregateId: one,
      expectedVersion: 0,
      events: [{ eventType: 'before', payload: {} }],
    });
    const full = {
      eventTimestamp: '2020-01-31T10:30:00.000Z',
      organizationId: randomUUID(),
      userId: randomUUID(),
      correlationId: randomUUID(),
      tags: ['a "b"', 'c\\d', 'tab\there', '{}', 'NULL'],
      payload: { text: 'line\nbreak \\N 😀', list: [1, { deep: null }] },
      idempotencyKey: 'own\tkey',
    };
    const lines = [lineOf(other, { payload: { n: 0 } }), lineOf(one, full), lineOf(other), lineOf(one)];
    const { status, reported, summary } = await send(
      `\ufeff${render(lines).replaceAll('\n', '\r\n')}\r\n\r\n`,
    );
    expect({ status, reported, summary }).toEqual({
      status: 200,
      reported: [],
      summary: { appended: 4, repeated: 0, reported: 0, complete: true },
    });
    expect((await readStream(one)).map(({ eventType }: { eventType: string }) => eventType)).toEqual([
      'before',
      'order.placed',
      'order.placed',
    ]);
    expect((await readStream(one))[1]).toMatchObject({ ...full, aggregateVersion: 2 });
    const { body } = await service.get('/v1/log');
    const order = body.items.slice(-4).map((item: { aggregateId: string }) => item.aggregateId);
    expect(order).toEqual([other, one, other, one]);
  });

  it('takes a line or reports it, whatever is wrong with it', async () => {
    const id = randomUUID();
    const lines: unknown[] = [
      lineOf(id),
      '{"aggregateType":',
      lineOf(id, { eventType: '' }),
      lineOf('seven'),
      lineOf(id, { unknown: 1 }),
      lineOf(id, { payload: { text: 'a\u0000b' } }),
      lineOf(id, { payload: { text: 'a\\u0000b' } }),
      '{"__proto__":{}}',
      JSON.stringify(lineOf(id, { payload: { text: 'x'.repeat(1024 * 1024) } })),
      '',
      lineOf(id, { idempotencyKey: 'k', payload: { n: 1 } }),
      lineOf(id, { idempotencyKey: 'k', payload: { n: 1 } }),
      lineOf(id, { idempotencyKey: 'k', payload: { n: 2 } }),
      '[]',
      lineOf(id, { eventTimestamp: '0001-01-01T00:00:00.000Z' }),
    ];
    const { reported, summary } = await send(render(lines));
    expect(reported.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'malformed-json'],
      [3, 'validation'],
      [4, 'validation'],
      [5, 'validation'],
      [6, 'text-not-storable'],
      [8, 'malformed-json'],
      [9, 'line-too-long'],
      [13, 'idempotency-key-reused'],
      [14, 'validation'],
    ]);
    expect(reported[1].errors).toEqual([{ path: 'eventType', message: expect.any(String) }]);
    expect(summary).toEqual({ appended: 4, repeated: 1, reported: 9, complete: true });
    expect(await readStream(id)).toHaveLength(4);
    const invalid = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(render([lineOf(id)]))]);
    expect(await send(invalid)).toMatchObject({
      reported: [{ line: 1, reason: 'malformed-json' }],
      summary: { appended: 1 },
    });
  });

  it('writes nothing twice when it is sent again with its key, or when its lines have keys', async () => {
    const id = randomUUID();
    const body = render(Array.from({ length: 2_500 }, (_, n) => lineOf(id, { payload: { n } })));
    const key = { 'idempotency-key': randomUUID() };
    expect((await send(body, key)).summary).toMatchObject({ appended: 2_500, repeated: 0 });
    expect((await send(body, key)).summary).toMatchObject({ appended: 0, repeated: 2_500, reported: 0 });
    const own = render([lineOf(id, { idempotencyKey: 'one' }), lineOf(id)]);
    const without = await send(own, { 'idempotency-key': '' }).then(
      (answer) => answer,
      () => undefined,
    );
    expect(without?.status).toBe(400);
    expect(await sendImport(service, own, {})).toMatchObject({
      reported: [{ line: 2, reason: 'no-idempotency-key' }],
      summary: { appended: 1, repeated: 0, reported: 1, complete: true },
    });
  });

  it('reports each of very many lines, and has the others', async () => {
    const type = `many.${randomUUID()}`;
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const lines = Array.from({ length: 20_000 }, (_, n) =>
      n % 4 === 0 ? lineOf('no id') : lineOf(ids[n % 50] as string, { eventType: type, payload: { n } }),
    );
    const { reported, summary } = await send(render(lines));
    expect(summary).toEqual({ appended: 15_000, repeated: 0, reported: 5_000, complete: true });
    expect(reported.map(({ line }) => line)).toEqual(Array.from({ length: 5_000 }, (_, at) => 4 * at + 1));
  });

  it('gives its lines their places while others append to the same streams', async () => {
    const ids = Array.from({ length: 4 }, () => randomUUID());
    const appendAlways = async (id: string) => {
      for (let done = 0; done < 25; ) {
        const items = await readStream(id);
        const { status } = await service.post('/v1/events', {
          aggregateType: 'order',
          aggregateId: id,
          expectedVersion: items.length,
          events: [{ eventType: 'appended', payload: {} }],
        });
        if (status === 201) done += 1;
      }
    };
    const body = (from: number) =>
      render(
        Array.from({ length: 200 }, (_, n) => lineOf(ids[n % 4] as string, { payload: { n: from + n } })),
      );
    const [first, second] = await Promise.all([send(body(0)), send(body(1_000)), ...ids.map(appendAlways)]);
    for (const answer of [first, second]) {
      expect(answer).toMatchObject({ reported: [], summary: { appended: 200 } });
    }
    for (const id of ids) {
      const items = await readStream(id);
      expect(items.map(({ aggregateVersion }: { aggregateVersion: number }) => aggregateVersion)).toEqual(
        Array.from({ length: 125 }, (_, at) => at + 1),
      );
      const imported = items.flatMap(({ payload }: { payload: { n?: number } }) => payload.n ?? []);
      for (const part of [
        imported.filter((n: number) => n < 1_000),
        imported.filter((n: number) => n >= 1_000),
      ]) {
        expect(part).toEqual(part.toSorted((a: number, b: number) => a - b));
        expect(part).toHaveLength(50);
      }
    }
  });

  it('finds the lines that the database alone refuses, and has all others in their order', async () => {
    const client = new pg.Client(service.database.url);
    await client.connect();
    try {
      await client.query(`alter table events add constraint not_odd check (event_type <> 'odd') not valid`);
      const id = randomUUID();
      const odd = [1, 2, 137, 400];
      const lines = Array.from({ length: 400 }, (_, at) =>
        lineOf(id, { payload: { n: at + 1 }, ...(odd.includes(at + 1) && { eventType: 'odd' }) }),
      );
      const { reported, summary } = await send(render(lines));
      expect(reported).toEqual(odd.map((line) => ({ line, reason: 'refused' })));
      expect(summary).toMatchObject({ appended: 396, complete: true });
      const numbers = (await readStream(id)).map(({ payload }: { payload: { n: number } }) => payload.n);
      expect(numbers).toEqual(
        lines.map(({ payload }) => (payload as { n: number }).n).filter((n) => !odd.includes(n)),
      );
    } finally {
      await client.query('alter table events drop constraint if exists not_odd');
      await client.end();
    }
  });

  it('is decided with by appends under a condition, which see it or hold it off', async () => {
    const tag = `username:${randomUUID()}`;
    const claim = { streams: [lineOfStream(tag)], condition: { query: [{ tags: [tag] }] } };
    const answers = await Promise.all([
      send(render([lineOf(randomUUID(), { tags: [tag] })])),
      service.post('/v1/events/append', claim),
    ]);
    const { body } = await service.get(`/v1/events?tag=${tag}`);
    // Either the append came first, or it was refused.
    expect(body.items).toHaveLength(answers[1].status === 201 ? 2 : 1);
    expect(await service.post('/v1/events/append', claim)).toMatchObject({ status: 409 });
  });

  const lineOfStream = (tag: string) => ({
    aggregateType: 'user',
    aggregateId: randomUUID(),
    expectedVersion: 0,
    events: [{ eventType: 'username.claimed', payload: {}, tags: [tag] }],
  });

  it('reads gzip, tells how far it came in a broken one, and refuses what is none', async () => {
    const body = render(Array.from({ length: 3_000 }, (_, n) => lineOf(randomUUID(), { payload: { n } })));
    const gzip = { 'content-encoding': 'gzip' };
    expect(await send(gzipSync(body), gzip)).toMatchObject({ summary: { appended: 3_000, complete: true } });
    const cut = gzipSync(body);
    const half = await send(cut.subarray(0, cut.length / 2), gzip);
    expect(half.summary.complete).toBe(false);
    expect(half.reported.at(-1)).toMatchObject({ toLine: null, reason: 'not-read' });
    expect(half.summary.appended).toBe(half.reported.at(-1).line - 1);
    expect(await send('no gzip', gzip)).toMatchObject({
      status: 400,
      problem: { type: '/problems/malformed-request' },
    });
    expect(await send(body, { 'content-encoding': 'br' })).toMatchObject({ status: 400 });
  });

  it('refuses a body that grows beyond measure when it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, '\n'));
    expect(await send(bomb, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 413,
      problem: { type: '/problems/body-too-large' },
    });
  });

  it('takes no other media type, and other routes do not take this one', async () => {
    expect(await send('{}', { 'content-type': 'application/json' })).toMatchObject({ status: 415 });
    expect(await service.send('/v1/events', { method: 'POST', headers: NDJSON, body: '{}' })).toMatchObject({
      status: 415,
    });
  });

  it('keeps what was written when its client goes, and finds it again', async () => {
    const id = randomUUID();
    const key = { 'idempotency-key': randomUUID() };
    const lines = Array.from(
      { length: 4_000 },
      (_, n) => `${JSON.stringify(lineOf(id, { payload: { n } }))}\n`,
    );
    const running = beginImport(service.url, key);
    running.write(lines.slice(0, 3_500).join(''));
    while ((await readStream(id)).length < 500) await new Promise((resolve) => setTimeout(resolve, 10));
    running.destroy();
    const { summary, reported } = await send(lines.join(''), key);
    expect(reported).toEqual([]);
    expect(summary.appended + summary.repeated).toBe(4_000);
    expect(summary.repeated).toBeGreaterThanOrEqual(500);
    const slice = await service.get(`/v1/streams/order/${id}?fromVersion=3999`);
    expect(slice.body.items).toMatchObject([{ payload: { n: 3_998 } }, { payload: { n: 3_999 } }]);
  });

  it('lets so many run at once, and tells the others when to come back', async () => {
    const small = await openService(service.database.url, { ADMISSION_IMPORTS: '1' });
    const running = beginImport(small.url, { 'idempotency-key': 'a' });
    try {
      running.write('\n');
      let refused: Awaited<ReturnType<typeof small.send>>;
      do {
        refused = await small.send('/v1/events/import', { method: 'POST', headers: NDJSON, body: '' });
      } while (refused.status === 200);
      expect(refused).toMatchObject({ status: 429, body: { type: '/problems/too-many-requests' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      running.end();
      expect((await running.answer).status).toBe(200);
    } finally {
      running.destroy();
      await small.close();
    }
  });

  it('holds little in memory of a body that never ends in a line', async () => {
    const body = Buffer.concat([
      ...Array.from({ length: 64 }, () => Buffer.from(randomBytes(512 * 1024).toString('hex'))),
      Buffer.from(`\n${JSON.stringify(lineOf(randomUUID()))}`),
    ]);
    expect(await send(body)).toMatchObject({
      reported: [{ line: 1, reason: 'line-too-long' }],
      summary: { appended: 1 },
    });
  });
});
