import { randomUUID } from 'node:crypto';
import {
  type MessageVerdict,
  openProxy,
  openTestDatabase,
  type PostgresProxy,
  type ProxyMessage,
  type TestDatabase,
} from '@holdfast/local-postgres';
import { openProxiedService, type ProxiedService } from './test/proxied-service';
import { withDataSource } from './test/suffering';
import { lockOrganizations, lockTable } from './test/table-lock';
import { openService, type TestService } from './test/test-service';

describe('a request whose answer from the database is lost', () => {
  let proxied: ProxiedService;
  let proxy: PostgresProxy;
  let service: TestService;
  beforeAll(async () => {
    proxied = await openProxiedService();
    ({ proxy, service } = proxied);
  });
  afterAll(() => proxied?.close());

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

  it('is done once where its COMMIT is lost and nobody can be asked, when it is sent again with its key', async () => {
    const { fault } = breakOnce(isAnswerTo(/^COMMIT/), 'cut-before');
    const stayAway = proxy.onMessage(() => (fault.done ? 'cut-before' : undefined));
    const headers = { 'idempotency-key': randomUUID() };
    const body = { name: `Acme ${randomUUID()}` };
    const lost = await service.post('/v1/organizations', body, headers);
    stayAway();
    expect(lost).toMatchObject({ status: 504, body: { type: '/problems/outcome-unknown' } });
    let again = await service.post('/v1/organizations', body, headers);
    while (again.status === 503) again = await service.post('/v1/organizations', body, headers);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const found = await service.get(`/v1/organizations?name=${encodeURIComponent(body.name)}`);
    const named = found.body.items.filter((item: { name: string }) => item.name === body.name);
    expect(named).toEqual([again.body]);
  });

  it('is answered as unknown where it is a change, which is not done again', async () => {
    const created = await service.post('/v1/organizations', { name: 'Before' });
    const path = created.headers.get('location') ?? '';
    const headers = { 'if-match': created.headers.get('etag') ?? '' };
    const { fault } = breakOnce(isAnswerTo(/^UPDATE/), 'cut-before');
    const lost = await service.patch(path, { name: 'After' }, headers);
    expect(fault.done).toBe(true);
    expect(lost).toMatchObject({ status: 504, body: { type: '/problems/outcome-unknown' } });
    expect((await service.get(path)).body.name).toBe('After');
    expect((await service.patch(path, { name: 'After' }, headers)).status).toBe(412);
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

describe('an append that the server has got, and whose connection is lost', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  beforeAll(async () => {
    database = await openTestDatabase();
    proxy = await openProxy({ port: Number(new URL(database.url).port) });
  });
  afterAll(async () => {
    await proxy?.close();
    await database?.drop();
  });

  const appendTo = (aggregateId: string, key: string) => ({
    aggregateType: 'invoice',
    aggregateId,
    expectedVersion: 0,
    events: [{ eventType: 'invoice.issued', payload: {}, idempotencyKey: key }],
  });
  const isInsert = ({ direction, text }: ProxyMessage) =>
    direction === 'frontend' && text?.trimStart().startsWith('insert into events') === true;

  /** Cuts connections on which an event is inserted, as soon as the server has got all of it. */
  function cutInserts(isEnough: (cut: number) => boolean) {
    const inserting = new Set<number>();
    const remove = proxy.onMessage((message) => {
      const { id } = message.connection;
      if (isInsert(message) && !isEnough(inserting.size)) inserting.add(id);
      const isLast = message.direction === 'frontend' && message.type === 'S';
      return isLast && inserting.has(id) ? 'cut-after' : undefined;
    });
    return { inserting, remove };
  }

  const countEvents = async (service: TestService, aggregateId: string): Promise<number> =>
    (await service.get(`/v1/streams/invoice/${aggregateId}`)).body.items.length;

  it('is not said to be given up at the deadline: it may be done afterwards', async () => {
    const service = await openService(proxy.urlThrough(database.url), { DATABASE_DEADLINE_MS: '2000' });
    const [aggregateId, key] = [randomUUID(), randomUUID()];
    const lock = await lockTable(database.url, 'events');
    const { inserting, remove } = cutInserts((cut) => cut === 1);
    const answer = await service.post('/v1/events', appendTo(aggregateId, key));
    remove();
    expect(inserting.size).toBe(1);
    await lock.release();
    expect(answer).toMatchObject({ status: 504, body: { type: '/problems/outcome-unknown' } });
    expect(answer.body.idempotencyKeys).toEqual([key]);
    // The server has not noticed that nobody listens, and does it now.
    while ((await countEvents(service, aggregateId)) === 0);
    const again = await service.post('/v1/events', appendTo(aggregateId, key));
    expect(again).toMatchObject({ status: 200, body: { appended: false } });
    const counted = /^holdfast_db_transaction_duration_seconds_count\{.*outcome="unknown".*\} 1$/m;
    expect((await service.get('/metrics')).body).toMatch(counted);
    await service.close();
  });

  it('is not said to be refused when the circuit opens: nothing that was done is denied', async () => {
    const service = await openService(proxy.urlThrough(database.url), {
      DATABASE_DEADLINE_MS: '60000',
      DATABASE_POOL_MAX: '20',
    });
    const { inserting, remove } = cutInserts(() => false);
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const answers = await Promise.all(
      ids.map((id) => service.post('/v1/events', appendTo(id, randomUUID()))),
    );
    remove();
    expect(inserting.size).toBeGreaterThan(0);
    expect(service.readLog()).toContainEqual(
      expect.objectContaining({ message: 'The circuit changed its state', to: 'open' }),
    );
    const done = await withDataSource(database.url, async (dataSource) => {
      const running = `select pid from pg_stat_activity
        where datname = current_database() and state = 'active' and query ~ '^\\s*insert into events'`;
      while ((await dataSource.query(running)).length > 0);
      const rows = await dataSource.query('select aggregate_id as id from events');
      return new Set(rows.map(({ id }: { id: string }) => id));
    });
    const denied = answers.filter(({ status, body }, at) => {
      const isAdmitted = status < 300 || body.type === '/problems/outcome-unknown';
      return done.has(ids[at]) && !isAdmitted;
    });
    expect(ids.filter((id) => done.has(id)).length).toBeGreaterThan(0);
    expect(denied).toEqual([]);
    await service.close();
  });

  it('is answered with what the next attempt finds, where that is another version', async () => {
    const service = await openService(proxy.urlThrough(database.url));
    const body = { ...appendTo(randomUUID(), randomUUID()), expectedVersion: 7 };
    const { inserting, remove } = cutInserts((cut) => cut === 1);
    const answer = await service.post('/v1/events', body);
    remove();
    expect(inserting.size).toBe(1);
    expect(answer).toMatchObject({ status: 409, body: { type: '/problems/version-conflict' } });
    await service.close();
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
