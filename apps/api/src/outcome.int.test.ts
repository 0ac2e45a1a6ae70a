import { randomUUID } from 'node:crypto';
import {
  type MessageVerdict,
  openProxy,
  openTestDatabase,
  type PostgresProxy,
  type ProxyMessage,
  type TestDatabase,
} from '@holdfast/local-postgres';
import { lockOrganizations } from './test/table-lock';
import { openService, type TestService } from './test/test-service';

describe('a request whose answer from the database is lost', () => {
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

  /** Breaks the connection at the first message that fits, once. */
  function breakOnce(fits: (message: ProxyMessage) => boolean, verdict: MessageVerdict) {
    const fault = { done: false };
    const remove = proxy.onMessage((message) => {
      if (fault.done || !fits(message)) return undefined;
      fault.done = true;
      return verdict;
    });
    return { fault, remove };
  }
  /** The server has done it, and its answer does not arrive. */
  const isAnswerTo = (tag: RegExp) => (message: ProxyMessage) =>
    message.direction === 'backend' && message.type === 'C' && tag.test(message.text ?? '');

  const append = (event: object) => ({
    aggregateType: 'invoice',
    aggregateId: randomUUID(),
    expectedVersion: 0,
    events: [{ eventType: 'invoice.issued', payload: {}, ...event }],
  });

  it('is answered as done, and was done once, where it is one transaction', async () => {
    const { fault } = breakOnce(isAnswerTo(/^COMMIT/), 'cut-before');
    const name = `Acme ${randomUUID()}`;
    const created = await service.post('/v1/organizations', { name });
    expect(fault.done).toBe(true);
    expect(created.status).toBe(201);
    const found = await service.get(`/v1/organizations?name=${encodeURIComponent(name)}`);
    expect(found.body.items.filter((item: { name: string }) => item.name === name)).toHaveLength(1);
  });

  it('is answered as done, and was done once, where it has an idempotency key', async () => {
    const { fault } = breakOnce(isAnswerTo(/^INSERT/), 'cut-before');
    const body = append({ idempotencyKey: randomUUID() });
    const answer = await service.post('/v1/events', body);
    expect(fault.done).toBe(true);
    expect(answer).toMatchObject({ status: 200, body: { appended: false } });
    const stream = await service.get(`/v1/streams/invoice/${body.aggregateId}`);
    expect(stream.body.items).toHaveLength(1);
  });

  it('is answered as unknown where it has none, and is not done again', async () => {
    const { fault } = breakOnce(isAnswerTo(/^INSERT/), 'cut-before');
    const body = append({});
    const answer = await service.post('/v1/events', body);
    expect(fault.done).toBe(true);
    expect(answer).toMatchObject({ status: 504, body: { type: '/problems/outcome-unknown' } });
    expect(answer.body.idempotencyKeys).toBeUndefined();
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(service.readLog()).toContainEqual(
      expect.objectContaining({ message: 'Request refused', problem: 'outcome-unknown' }),
    );
    const stream = await service.get(`/v1/streams/invoice/${body.aggregateId}`);
    expect(stream.body.items).toHaveLength(1);
  });

  it('names the idempotency keys with which it can be sent again when the database stays away', async () => {
    const key = randomUUID();
    const { fault } = breakOnce(isAnswerTo(/^INSERT/), 'cut-before');
    const remove = proxy.onMessage(() => (fault.done ? 'cut-before' : undefined));
    const answer = await service.post('/v1/events', append({ idempotencyKey: key }));
    remove();
    expect(answer).toMatchObject({ status: 504, body: { type: '/problems/outcome-unknown' } });
    expect(answer.body.idempotencyKeys).toEqual([key]);
  });
});

describe('a request that the database keeps waiting', () => {
  it('is given up at its deadline, and its statement is cancelled', async () => {
    await using database = await openTestDatabase();
    const service = await openService(database.url, { DATABASE_DEADLINE_MS: '300' });
    const lock = await lockOrganizations(database.url);
    const reading = await service.get('/v1/organizations?domain=acme.example');
    const writing = await service.post('/v1/organizations', { name: 'Acme' });
    // Nobody waits for the table any more.
    await lock.waitForNobody();
    await lock.release();
    for (const answer of [reading, writing]) {
      expect(answer).toMatchObject({ status: 504, body: { type: '/problems/deadline-exceeded' } });
    }
    expect((await service.get('/v1/organizations?domain=acme.example')).status).toBe(200);
    await service.close();
  });
});
