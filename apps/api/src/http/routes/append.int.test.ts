import { randomUUID } from 'node:crypto';
import { openServiceOnTestDatabase } from '../../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

const stream = (more: object = {}) => ({
  aggregateType: 'account',
  aggregateId: randomUUID(),
  expectedVersion: 0,
  events: [{ eventType: 'account.opened', payload: {} }],
  ...more,
});
const append = (body: object, headers?: Record<string, string>) =>
  service.post('/v1/events/append', body, headers);
const query = (body: object) => service.post('/v1/events/query', body);
const countOf = async (id: string) => (await service.get(`/v1/streams/account/${id}`)).body.items.length;

describe('POST /v1/events/append', () => {
  it('writes to several streams at once, and says where', async () => {
    const [one, other] = [stream(), stream({ events: Array(2).fill({ eventType: 'a', payload: {} }) })];
    const answer = await append({ streams: [one, other] });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        appended: true,
        streams: [[{ aggregateVersion: 1 }], [{ aggregateVersion: 1 }, { aggregateVersion: 2 }]],
      },
    });
    const { body } = await service.get(`/v1/streams/account/${other.aggregateId}`);
    expect(body.items.map(({ globalPosition }: { globalPosition: string }) => globalPosition)).toEqual(
      answer.body.streams[1].map(({ globalPosition }: { globalPosition: string }) => globalPosition),
    );
  });

  it('writes to none when one is elsewhere: 409 version-conflict, which names it', async () => {
    const taken = stream();
    await append({ streams: [taken] });
    const free = stream();
    const answer = await append({ streams: [free, taken] });
    expect(answer).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict', detail: expect.stringContaining(taken.aggregateId) },
    });
    expect(await countOf(free.aggregateId)).toBe(0);
  });

  it('writes nothing when what the condition excludes has happened: 409 condition-failed, which names the item', async () => {
    const name = `username:${randomUUID()}`;
    const items = [{ types: ['never'] }, { tags: [name] }];
    const claim = async (after?: string) =>
      append({
        streams: [stream({ events: [{ eventType: 'username.claimed', payload: {}, tags: [name] }] })],
        condition: { query: items, ...(after !== undefined && { after }) },
      });
    const before = await query({ query: items });
    expect(before).toMatchObject({ status: 200, body: { items: [], nextCursor: null } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => claim(before.body.after)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      type: '/problems/condition-failed',
      errors: [{ path: 'body.condition.query.1' }],
    });
    expect(await claim()).toMatchObject({ status: 409 });
    const now = await query({ query: items });
    expect(now.body.items).toMatchObject([{ tags: [name] }]);
    expect(await claim(now.body.after)).toMatchObject({ status: 201 });
  });

  it('is done once for its Idempotency-Key, and once for those of its events', async () => {
    const once = stream();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await append({ streams: [once] }, headers);
    const second = await append({ streams: [once] }, headers);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(await append({ streams: [stream()] }, headers)).toMatchObject({ status: 422 });

    const tags = [`t:${randomUUID()}`];
    const keyed = stream({ events: [{ eventType: 'a', payload: {}, tags, idempotencyKey: 'k' }] });
    const request = { streams: [keyed], condition: { query: [{ tags }] } };
    const third = await append(request);
    expect(third).toMatchObject({ status: 201 });
    expect(await append(request)).toMatchObject({
      status: 200,
      body: { appended: false, streams: third.body.streams },
    });
    expect(await countOf(keyed.aggregateId)).toBe(1);
  });

  const twice = stream();
  it.each([
    ['no stream', { streams: [] }, 'body.streams'],
    ['too many streams', { streams: Array.from({ length: 101 }, () => stream()) }, 'body.streams'],
    [
      'too many events',
      { streams: [1, 2].map(() => stream({ events: Array(501).fill({ eventType: 'a', payload: {} }) })) },
      'body.streams',
    ],
    ['a stream twice', { streams: [twice, twice] }, 'body.streams.1'],
    [
      'keys for some',
      { streams: [stream(), stream({ events: [{ eventType: 'a', payload: {}, idempotencyKey: 'k' }] })] },
      'body.streams.0.events.0.idempotencyKey',
    ],
    ['an empty query', { streams: [stream()], condition: { query: [] } }, 'body.condition.query'],
    ['everything', { streams: [stream()], condition: { query: [{}] } }, 'body.condition.query.0'],
    [
      'a token of nobody',
      { streams: [stream()], condition: { query: [{ tags: ['a'] }], after: 'x' } },
      'body.condition.after',
    ],
  ])('refuses %s', async (_, body, path) => {
    expect(await append(body)).toMatchObject({
      status: 400,
      body: {
        type: '/problems/validation',
        errors: expect.arrayContaining([expect.objectContaining({ path })]),
      },
    });
  });
});

describe('POST /v1/events/query', () => {
  it('reads in parts what one moment shows, and gives one token for all of them', async () => {
    const tag = `many:${randomUUID()}`;
    const add = () =>
      append({ streams: [stream({ events: Array(3).fill({ eventType: 'a', payload: {}, tags: [tag] }) })] });
    await add();
    const first = await query({ query: [{ tags: [tag] }], limit: 2 });
    expect(first.body.items).toHaveLength(2);
    await add();
    const rest = await query({ query: [{ tags: [tag] }], limit: 2, cursor: first.body.nextCursor });
    expect(rest.body).toMatchObject({ items: [{ tags: [tag] }], nextCursor: null });
    expect(rest.body.after).toBe(first.body.after);
  });

  it('refuses a cursor of another list', async () => {
    expect(await query({ query: [{ tags: ['a'] }], cursor: 'x' })).toMatchObject({
      status: 400,
      body: { type: '/problems/invalid-cursor' },
    });
  });
});
