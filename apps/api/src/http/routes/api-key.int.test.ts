import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import { isApiKeyText } from '../../api-key-text';
import { createDatabase } from '../../create-database';
import { openServiceOnTestDatabase, TEST_PEPPER } from '../../test/test-service';
import { identifyApiKey } from '../../use-cases/identify-api-key';

const silent = () => undefined;
const LOGGER = { debug: silent, info: silent, warn: silent, error: silent };

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let dataSource: DataSource;
let identify: (text: string, now?: Date, pepper?: string) => ReturnType<typeof identifyApiKey>;
let userId: string;
let organizationId: string;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
  dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: service.database.url }));
  const { database } = createDatabase(dataSource, { logger: LOGGER, deadlineMs: 5_000, environment: 'test' });
  identify = (text, now = new Date(), pepper = TEST_PEPPER) =>
    identifyApiKey(database, { pepper, now }, text);
  userId = (await service.post('/v1/users', {})).body.id;
  organizationId = (await service.post('/v1/organizations', { name: 'Acme' })).body.id;
});
afterAll(async () => {
  await closeDataSource(dataSource);
  await service.close();
});

const createKey = (more: Record<string, unknown> = {}, headers = {}) =>
  service.post('/v1/api-keys', { userId, name: 'import', scopes: ['events:append'], ...more }, headers);
const later = (seconds: number) => new Date(Date.now() + seconds * 1_000);

describe('POST /v1/api-keys', () => {
  it('shows the key once, and keeps nothing that it could be read from', async () => {
    const created = await createKey({ organizationId });
    expect(created).toMatchObject({
      status: 201,
      body: {
        userId,
        organizationId,
        name: 'import',
        scopes: ['events:append'],
        status: 'active',
        expiresAt: null,
      },
    });
    const { key, prefix, id } = created.body;
    expect(key).toMatch(/^hf_test_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(key.startsWith(`${prefix}_`)).toBe(true);
    expect(isApiKeyText(key)).toBe(true);
    const { key: _, ...shown } = created.body;
    expect((await service.get(`/v1/api-keys/${id}`)).body).toEqual(shown);
    const secret = key.split('_')[3];
    const [stored] = await dataSource.query(
      'select row_to_json(k)::text as text from api_keys k where id = $1',
      [id],
    );
    expect(stored.text).not.toContain(secret);
    expect(JSON.stringify(service.readLog())).not.toContain(secret);
    expect(await identify(key)).toMatchObject({ keyId: id });
  });

  it('is repeated under its idempotency key without the secret, which no record holds', async () => {
    const headers = { 'idempotency-key': 'create-once' };
    const first = await createKey({}, headers);
    const again = await createKey({}, headers);
    expect(again).toMatchObject({ status: 201, body: { ...first.body, key: null } });
    const records = await dataSource.query('select body from idempotency_keys');
    expect(records).toHaveLength(1);
    expect(records[0].body).not.toContain(first.body.key.split('_')[3]);
  });

  it.each([
    [{ scopes: [] }, 'body.scopes'],
    [{ scopes: ['everything'] }, 'body.scopes.0'],
    [{ scopes: ['read', 'read'] }, 'body.scopes'],
    [{ name: '' }, 'body.name'],
    [{ expiresAt: '2001-01-01T00:00:00Z' }, 'body.expiresAt'],
    [{ keyHash: 'x' }, 'body'],
  ])('refuses %j', async (more, path) => {
    expect(await createKey(more)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  it('refuses an owner that does not exist, and names it', async () => {
    const answer = await createKey({ userId: '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71' });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'body.userId' }] } });
  });
});

describe('a key that is presented', () => {
  it('is refused without a query when one character differs', async () => {
    const { key } = (await createKey()).body;
    const unreachable = { read: () => Promise.reject(new Error('asked')) } as never;
    for (const at of [9, 20, key.length - 1]) {
      const other = key[at] === 'A' ? 'B' : 'A';
      const broken = key.slice(0, at) + other + key.slice(at + 1);
      const asked = identifyApiKey(unreachable, { pepper: TEST_PEPPER, now: new Date() }, broken);
      await expect(asked).resolves.toBeNull();
    }
    // The control: the whole key is asked for.
    const asked = identifyApiKey(unreachable, { pepper: TEST_PEPPER, now: new Date() }, key);
    await expect(asked).rejects.toThrow('asked');
  });

  it('is found under its pepper alone, and its use is written once a minute', async () => {
    const { key, id } = (await createKey()).body;
    const at = new Date();
    await identify(key, at);
    await identify(key, new Date(at.getTime() + 30_000));
    expect((await service.get(`/v1/api-keys/${id}`)).body.lastUsedAt).toBe(at.toISOString());
    await expect(identify(key, at, `${TEST_PEPPER}!`)).resolves.toBeNull();
  });

  it('is good also where its use cannot be written', async () => {
    const { key, id } = (await createKey()).body;
    const [row] = await dataSource.query('select id from api_keys where id = $1', [id]);
    const readOnly = {
      read: async () => [{ ...row, scopes: [], lastUsedAt: null }],
      statement: () => Promise.reject(new Error('25006')),
    };
    const asked = identifyApiKey(readOnly as never, { pepper: TEST_PEPPER, now: new Date() }, key);
    await expect(asked).resolves.toMatchObject({ keyId: id });
  });

  it('can be changed with the tag from before it was used, and gets another one by its use', async () => {
    const { key, id } = (await createKey()).body;
    const path = `/v1/api-keys/${id}`;
    const before = (await service.get(path)).headers.get('etag') ?? '';
    await identify(key);
    expect((await service.get(path, { 'if-none-match': before })).status).toBe(200);
    expect((await service.patch(path, { name: 'used' }, { 'if-match': before })).status).toBe(200);
  });
});

describe('POST /v1/api-keys/:id/rotate', () => {
  it('makes a successor, and lets the old key work until the overlap is over', async () => {
    const old = (await createKey({ organizationId })).body;
    const rotated = await service.post(`/v1/api-keys/${old.id}/rotate`, { overlapSeconds: 60 });
    expect(rotated).toMatchObject({
      status: 201,
      body: { userId, organizationId, name: 'import', scopes: ['events:append'], expiresAt: null },
    });
    expect(await identify(rotated.body.key)).toMatchObject({ keyId: rotated.body.id });
    expect(await identify(old.key)).toMatchObject({ keyId: old.id });
    expect((await service.get(`/v1/api-keys/${old.id}`)).body.rotatedTo).toBe(rotated.body.id);
    expect(await identify(old.key, later(61))).toBeNull();
    expect(await identify(rotated.body.key, later(61))).not.toBeNull();
  });

  it('ends the old key at once without an overlap, and after a day by default', async () => {
    const [first, second] = [(await createKey()).body, (await createKey()).body];
    await service.post(`/v1/api-keys/${first.id}/rotate`, { overlapSeconds: 0 });
    expect(await identify(first.key)).toBeNull();
    await service.post(`/v1/api-keys/${second.id}/rotate`, {});
    expect(await identify(second.key, later(86_390))).not.toBeNull();
    expect(await identify(second.key, later(86_410))).toBeNull();
  });

  it('keeps the earlier end of the old key, and gives the new one as long a life', async () => {
    const expiresAt = later(600).toISOString();
    const old = (await createKey({ expiresAt })).body;
    const rotated = await service.post(`/v1/api-keys/${old.id}/rotate`, {});
    expect((await service.get(`/v1/api-keys/${old.id}`)).body.expiresAt).toBe(expiresAt);
    const lifeMs = Date.parse(rotated.body.expiresAt) - Date.parse(rotated.body.createdAt);
    expect(Math.round(lifeMs / 10_000)).toBe(60);
  });

  it('lets the new key of one that ends with the last year there is end with it too', async () => {
    const expiresAt = '9999-12-31T23:59:59.999Z';
    const { body: old } = await createKey({ expiresAt });
    // Made a while ago, as keys are that one rotates.
    await dataSource.query("update api_keys set created_at = created_at - interval '1 day' where id = $1", [
      old.id,
    ]);
    const rotated = await service.post(`/v1/api-keys/${old.id}/rotate`, {});
    expect(rotated).toMatchObject({ status: 201, body: { expiresAt } });
    expect((await service.get(`/v1/api-keys/${rotated.body.id}`)).status).toBe(200);
  });

  it('makes one successor, however many ask at the same time', async () => {
    const old = (await createKey()).body;
    const rotate = () => service.post(`/v1/api-keys/${old.id}/rotate`, {});
    const answers = await Promise.all(Array.from({ length: 6 }, rotate));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    const [{ count }] = await dataSource.query(
      'select count(*)::int from api_keys where id = (select rotated_to from api_keys where id = $1)',
      [old.id],
    );
    expect(count).toBe(1);
  });

  it('answers 409 for a key that is revoked, and 404 for none', async () => {
    const { id } = (await createKey()).body;
    await service.post(`/v1/api-keys/${id}/revoke`, {});
    expect(await service.post(`/v1/api-keys/${id}/rotate`, {})).toMatchObject({
      status: 409,
      body: { type: '/problems/api-key-spent' },
    });
    const none = '/v1/api-keys/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71';
    expect((await service.post(`${none}/rotate`, {})).status).toBe(404);
  });
});

describe('POST /v1/api-keys/:id/revoke', () => {
  it('ends the key at once and for good, however often it is asked, with a body or without', async () => {
    const { id, key } = (await createKey()).body;
    const path = `/v1/api-keys/${id}`;
    const revoked = await service.send(`${path}/revoke`, {
      method: 'POST',
      headers: { 'idempotency-key': 'r1' },
    });
    expect(revoked).toMatchObject({ status: 200, body: { id, status: 'revoked' } });
    expect(await identify(key)).toBeNull();
    expect((await service.post(`${path}/revoke`, {})).body).toEqual(revoked.body);
    // Also with the tag that it has: reading it again would not help.
    for (const ifMatch of ['*', revoked.headers.get('etag') ?? '']) {
      expect(await service.patch(path, { name: 'back' }, { 'if-match': ifMatch })).toMatchObject({
        status: 409,
        body: { type: '/problems/api-key-spent' },
      });
    }
    expect((await service.patch(path, { name: 'back' }, { 'if-match': '"1"' })).status).toBe(412);
    const none = '/v1/api-keys/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71/revoke';
    for (const headers of [{}, { 'idempotency-key': 'r2' }]) {
      expect((await service.post(none, {}, headers)).status).toBe(404);
    }
  });
});

describe('GET /v1/api-keys', () => {
  const idsOf = ({ body }: { body: { items: { id: string }[] } }) => body.items.map(({ id }) => id);

  it('lists the keys of a user and of an organization in one status, page by page, without their hashes', async () => {
    const owner = (await service.post('/v1/users', {})).body.id;
    const acme = (await service.post('/v1/organizations', { name: 'Lists' })).body.id;
    const made: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      made.push((await createKey({ userId: owner, organizationId: acme })).body.id);
    }
    for (const question of [`userId=${owner}`, `organizationId=${acme}`]) {
      const first = await service.get(`/v1/api-keys?${question}&status=active&limit=2`);
      const { nextCursor } = first.body;
      const second = await service.get(`/v1/api-keys?${question}&status=active&limit=2&cursor=${nextCursor}`);
      expect([...idsOf(first), ...idsOf(second)]).toEqual(made);
      expect(second.body.nextCursor).toBeNull();
      expect(JSON.stringify(first.body)).not.toMatch(/hash/i);
    }
    expect(idsOf(await service.get(`/v1/api-keys?userId=${owner}&status=revoked`))).toEqual([]);
  });

  it('lists what expires, soonest first, and what was used, latest first', async () => {
    const late = (await createKey({ expiresAt: later(200).toISOString() })).body;
    const soon = (await createKey({ expiresAt: later(100).toISOString() })).body;
    const before = encodeURIComponent(later(300).toISOString());
    const due = idsOf(await service.get(`/v1/api-keys?expiresBefore=${before}`));
    expect(due.filter((id) => [soon.id, late.id].includes(id))).toEqual([soon.id, late.id]);
    const [first, last] = [(await createKey()).body, (await createKey()).body];
    await identify(last.key, later(1_000_000));
    await identify(first.key, later(1_000_001));
    const used = await service.get('/v1/api-keys/recently-used?limit=2');
    expect(idsOf(used)).toEqual([first.id, last.id]);
  });

  it.each(['', '?userId=x&status=active', '?status=active', '?expiresBefore=soon', '?limit=501'])(
    'refuses %s',
    async (question) => {
      expect((await service.get(`/v1/api-keys${question}`)).status).toBe(400);
    },
  );
});
