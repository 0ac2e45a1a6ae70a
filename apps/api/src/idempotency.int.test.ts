import { randomUUID } from 'node:crypto';
import { IdempotencyRepository } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { createDatabase } from './create-database';
import { sweepIdempotencyKeys } from './sweep-idempotency-keys';
import { withDataSource } from './test/suffering';
import { lockTable } from './test/table-lock';
import { openService, type TestService } from './test/test-service';

const silent = () => undefined;
const LOGGER = { debug: silent, info: silent, warn: silent, error: silent };

let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  database = await openTestDatabase();
  service = await openService(database.url, { DATABASE_POOL_MAX: '10' });
});
afterAll(async () => {
  await service.close();
  await database.drop();
});

const under = (key: string) => ({ 'idempotency-key': key });
const query = <T = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<T[]> =>
  withDataSource(database.url, (dataSource) => dataSource.query(sql, values));

async function createUser(): Promise<string> {
  return (await service.post('/v1/users', {})).body.id;
}

/** A POST of each kind, which cannot be told from another one by chance. */
const POSTS: readonly [string, () => Promise<Record<string, unknown>>][] = [
  ['/v1/organizations', async () => ({ name: randomUUID() })],
  ['/v1/users', async () => ({ firstName: randomUUID() })],
  [
    '/v1/memberships',
    async () => ({
      userId: await createUser(),
      organizationId: (await service.post('/v1/organizations', { name: 'A' })).body.id,
    }),
  ],
  [
    '/v1/events',
    async () => ({
      aggregateType: 'order',
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [{ eventType: 'order.placed', payload: {} }],
    }),
  ],
];

describe.each(POSTS)('POST %s with an idempotency key', (path, makeBody) => {
  it('gives the same request the same answer, byte for byte, and is done once', async () => {
    const [key, body] = [randomUUID(), await makeBody()];
    const first = await service.post(path, body, under(key));
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const reordered = Object.fromEntries(Object.entries(body).reverse());
    for (const repetition of [body, reordered]) {
      const again = await service.post(path, repetition, under(key));
      expect(again).toMatchObject({ status: first.status, body: first.body });
      for (const name of ['location', 'etag', 'content-type', 'content-length']) {
        expect(again.headers.get(name)).toBe(first.headers.get(name));
      }
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
  });

  it('refuses another body under the key', async () => {
    const key = randomUUID();
    expect((await service.post(path, await makeBody(), under(key))).status).toBe(201);
    expect(await service.post(path, await makeBody(), under(key))).toMatchObject({
      status: 422,
      body: { type: '/problems/idempotency-key-reused' },
    });
  });

  it('is done by one of many at the same time; the others are told to come back, and then get its answer', async () => {
    const [key, body] = [randomUUID(), await makeBody()];
    const answers = await Promise.all(Array.from({ length: 8 }, () => service.post(path, body, under(key))));
    const [done] = answers.filter(({ status }) => status === 201);
    for (const answer of answers) {
      if (answer.status === 201) expect(answer.body).toEqual(done?.body);
      else {
        expect(answer).toMatchObject({ status: 409, body: { type: '/problems/idempotency-key-busy' } });
        expect(answer.headers.get('retry-after')).toBe('1');
      }
    }
    const first = answers.filter(
      ({ status, headers }) => status === 201 && headers.get('idempotency-replayed') === null,
    );
    expect(first).toHaveLength(1);
    expect(await service.post(path, body, under(key))).toMatchObject({ status: 201, body: first[0]?.body });
  });
});

describe('an idempotency key', () => {
  it('is the same in quotes and without, and another for another route', async () => {
    const key = randomUUID();
    const body = { firstName: 'Ada' };
    const first = await service.post('/v1/users', body, under(key));
    const quoted = await service.post('/v1/users', body, under(`"${key}"`));
    expect(quoted.body).toEqual(first.body);
    expect((await service.post('/v1/organizations', { name: 'A' }, under(key))).status).toBe(422);
  });

  it('tells an empty list from an empty object', async () => {
    const append = (part: unknown) => ({
      aggregateType: 'order',
      aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
      expectedVersion: 0,
      events: [{ eventType: 'order.placed', payload: { part } }],
    });
    const key = randomUUID();
    expect((await service.post('/v1/events', append({}), under(key))).status).toBe(201);
    expect((await service.post('/v1/events', append([]), under(key))).status).toBe(422);
  });

  it.each(['""', '"half', 'two words', 'x'.repeat(256)])('is refused in a form like %s', async (key) => {
    const answer = await service.post('/v1/users', {}, under(key));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'headers.idempotency-key' }] } });
  });

  it('is free after a request that was refused', async () => {
    const [key, domain] = [randomUUID(), `${randomUUID()}.example`];
    const holder = await service.post('/v1/organizations', { name: 'A', domain });
    const body = { name: 'B', domain };
    expect((await service.post('/v1/organizations', body, under(key))).status).toBe(409);
    const location = holder.headers.get('location') ?? '';
    await service.patch(location, { domain: null }, { 'if-match': '*' });
    expect((await service.post('/v1/organizations', body, under(key))).status).toBe(201);
  });

  it('counts no more once it has expired, and is swept in bounded batches', async () => {
    const keys = Array.from({ length: 5 }, () => randomUUID());
    for (const key of keys) await service.post('/v1/users', { firstName: key }, under(key));
    await query(`update idempotency_keys set expires_at = now() where key = any($1)`, [keys]);
    const [again = ''] = keys;
    const renewed = await service.post('/v1/users', { firstName: 'another' }, under(again));
    expect(renewed.status).toBe(201);
    await withDataSource(database.url, async ({ manager }) => {
      const records = new IdempotencyRepository(manager);
      await expect(records.deleteExpired(3)).resolves.toBe(3);
      await expect(records.deleteExpired(3)).resolves.toBe(1);
      await expect(records.deleteExpired(3)).resolves.toBe(0);
    });
    const left = await query('select key from idempotency_keys where key = any($1)', [keys]);
    expect(left).toEqual([{ key: again }]);
  });
});

describe('a sweep', () => {
  const fill = (scope: string, count: number, expiry: string) =>
    query(
      `insert into idempotency_keys (scope, key, fingerprint, call_id, status, headers, body, expires_at)
       select $1, n::text, sha256('x'), gen_random_uuid(), 201, '{}', '{}', now() + $3::interval
       from generate_series(1, $2::int) as n`,
      [scope, count, expiry],
    );

  it('deletes what has expired, over several batches, and nothing else', async () => {
    await query('delete from idempotency_keys');
    await fill('old', 1_200, '-1 second');
    await fill('new', 10, '1 hour');
    await withDataSource(database.url, async (dataSource) => {
      const parts = createDatabase(dataSource, { logger: LOGGER, deadlineMs: 5_000, environment: 'test' });
      await expect(sweepIdempotencyKeys(parts.database)).resolves.toBe(1_200);
      await parts.manager.close();
    });
    expect(await query('select count(*)::int as count from idempotency_keys')).toEqual([{ count: 10 }]);
  });

  it('leaves nothing that has expired, however much it is, unless it is told to stop', async () => {
    await query('delete from idempotency_keys');
    await fill('old', 12_000, '-1 second');
    await withDataSource(database.url, async (dataSource) => {
      const parts = createDatabase(dataSource, { logger: LOGGER, deadlineMs: 5_000, environment: 'test' });
      const stopped = AbortSignal.abort();
      await expect(sweepIdempotencyKeys(parts.database, stopped)).resolves.toBe(0);
      await expect(sweepIdempotencyKeys(parts.database)).resolves.toBe(12_000);
      await parts.manager.close();
    });
  });
});

describe('the record of a request', () => {
  it('is there exactly when the effect is, when the server ends the session in the middle', async () => {
    const [key, body] = [randomUUID(), { name: randomUUID() }];
    const lock = await lockTable(database.url, 'organizations');
    const interrupted = service.post('/v1/organizations', body, {
      ...under(key),
      'request-timeout': '1',
    });
    await lock.waitForWaiting(1);
    await query(
      `select pg_terminate_backend(pid) from pg_locks where not granted and relation = 'organizations'::regclass`,
    );
    expect((await interrupted).status).toBeGreaterThanOrEqual(500);
    await lock.waitForNobody();
    await lock.release();
    expect(await query('select from idempotency_keys where key = $1', [key])).toHaveLength(0);
    const again = await service.post('/v1/organizations', body, under(key));
    expect(again.status).toBe(201);
    expect(await query('select from organizations where name = $1', [body.name])).toHaveLength(1);
  });

  it('answers a request that a service of before has done', async () => {
    const [key, body] = [randomUUID(), { name: randomUUID() }];
    const first = await service.post('/v1/organizations', body, under(key));
    const next = await openService(database.url);
    try {
      expect(await next.post('/v1/organizations', body, under(key))).toMatchObject({
        status: 201,
        body: first.body,
      });
    } finally {
      await next.close();
    }
  });
});
