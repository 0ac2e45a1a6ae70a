import { API_KEY_SCOPES, type ApiKeyScope } from '@holdfast/db';
import { openTemporaryServer } from '@holdfast/local-postgres';
import fastify from 'fastify';
import { createApiKeyText, hashApiKey } from '../api-key-text';
import { migrate } from '../test/migrate';
import { withDataSource } from '../test/suffering';
import { openService, openServiceOnTestDatabase, TEST_KEY, TEST_PEPPER } from '../test/test-service';
import { refuseStrangers } from './authentication';

const ID = '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71';
const NOBODY = { authorization: '' };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let userId: string;
let organizationId: string;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
  userId = (await service.post('/v1/users', {})).body.id;
  organizationId = (await service.post('/v1/organizations', { name: 'Acme' })).body.id;
});
afterAll(() => service?.close());

/** Makes a key with these scopes; of an operator, unless it says whose. */
async function createKey(scopes: readonly ApiKeyScope[], more: object = {}) {
  const { status, body } = await service.post('/v1/api-keys', { userId, name: 'test', scopes, ...more });
  expect(status).toBe(201);
  return { id: String(body.id), headers: bearer(body.key), key: String(body.key) };
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly security: readonly Readonly<Record<string, readonly ApiKeyScope[]>>[] | undefined;
}

/** What the document describes, with an id in every path, and what the console asks for. */
async function listOperations(): Promise<Operation[]> {
  const { body } = await service.get('/docs/json', NOBODY);
  const documented = Object.entries<Record<string, Pick<Operation, 'security'>>>(body.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, ID),
        security,
      })),
  );
  const console = [
    'GET /data',
    'POST /doctor',
    'POST /statements/0123456789ab/plan',
    `POST /dead-letters/${ID}/replay`,
  ];
  return [
    ...documented,
    ...console.map((line): Operation => {
      const [method = '', path = ''] = line.split(' ');
      return { method, path: `/console${path}`, security: [{ apiKey: ['operate'] }] };
    }),
  ];
}

describe('every route', () => {
  it('asks for a key, except for health and metrics', async () => {
    const operations = await listOperations();
    const open = operations.filter(({ security }) => security === undefined);
    expect(open.map(({ path }) => path).toSorted()).toEqual(['/livez', '/metrics', '/readyz']);
    expect(operations.length).toBeGreaterThan(30);
    for (const { method, path, security } of operations) {
      const { status, body, headers } = await service.send(path, { method, headers: NOBODY });
      if (security === undefined) {
        expect({ path, status }).toEqual({ path, status: 200 });
        continue;
      }
      expect({ method, path, status, type: body.type }).toEqual({
        method,
        path,
        status: 401,
        type: '/problems/unauthenticated',
      });
      expect(headers.get('www-authenticate')).toBe('Bearer realm="holdfast"');
    }
  });

  it('refuses a key with every scope but its own, and says which that is', async () => {
    const keys = new Map<ApiKeyScope, Record<string, string>>();
    for (const scope of API_KEY_SCOPES) {
      const others = API_KEY_SCOPES.filter((other) => other !== scope);
      keys.set(scope, (await createKey(others)).headers);
    }
    const used = new Set<ApiKeyScope>();
    for (const { method, path, security = [] } of await listOperations()) {
      const [scope] = security[0]?.apiKey ?? [];
      if (scope === undefined) continue;
      used.add(scope);
      const headers = keys.get(scope) ?? {};
      const answer = await service.send(path, { method, headers });
      expect({ method, path, status: answer.status, body: answer.body }).toMatchObject({
        status: 403,
        body: { type: '/problems/scope-missing', detail: expect.stringContaining(` ${scope}`) },
      });
      expect(answer.headers.get('www-authenticate')).toContain(
        `error="insufficient_scope", scope="${scope}"`,
      );
    }
    expect([...used].toSorted()).toEqual([...API_KEY_SCOPES].toSorted());
  });

  it('that is read may be asked for its head alone, with a key', async () => {
    const path = `/v1/organizations/${organizationId}`;
    expect((await service.send(path, { method: 'HEAD', headers: NOBODY })).status).toBe(401);
    expect((await service.send(path, { method: 'HEAD' })).status).toBe(200);
  });

  it('that says nothing of a scope keeps the service from starting', async () => {
    const app = fastify();
    refuseStrangers(app);
    expect(() => app.get('/v1/secrets', async () => 'all')).toThrow('GET /v1/secrets has no scope');
    const config = { scope: 'operate', provesKey: true } as const;
    expect(() => app.get('/v1/secrets', { config }, async () => 'all')).toThrow('proves no key');
    expect(() => app.get('/docsecrets', async () => 'all')).toThrow('has no scope');
    app.get('/v1/known', { config: { scope: 'read' } }, async () => 'some');
    await app.close();
  });

  it('that does not exist is not found, with a key or without', async () => {
    expect((await service.get('/v1/nothing', NOBODY)).status).toBe(404);
    expect((await service.get('/v1/nothing')).status).toBe(404);
  });

  it('of the console is about all organizations, so that no key of one reaches it', async () => {
    const { headers } = await createKey(['operate'], { organizationId });
    expect(await service.get('/console/data', headers)).toMatchObject({
      status: 403,
      body: { type: '/problems/scope-missing' },
    });
    expect((await service.get('/console/data', (await createKey(['operate'])).headers)).status).toBe(200);
    expect((await service.get('/console', NOBODY)).status).toBe(200);
  });
});

describe('a key', () => {
  const path = '/v1/organizations?domain=acme.example';

  it.each([
    ['of another scheme', `Basic ${Buffer.from('ada:secret').toString('base64')}`],
    ['that is none', 'Bearer secret'],
    ['that is empty', 'Bearer '],
    ['with something behind it', `Bearer ${TEST_KEY} x`],
    ['that looks like one and was never made', `Bearer ${createApiKeyText('test').text}`],
    ['with another checksum', `Bearer ${TEST_KEY.slice(0, -1)}${TEST_KEY.endsWith('A') ? 'B' : 'A'}`],
  ])('%s is refused', async (_name, authorization) => {
    const answer = await service.get(path, { authorization });
    expect(answer).toMatchObject({ status: 401, body: { type: '/problems/unauthenticated' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="holdfast", error="invalid_token"');
  });

  it.each(['bearer', 'BEARER'])('is taken behind %s as well', async (scheme) => {
    expect((await service.get(path, { authorization: `${scheme} ${TEST_KEY}` })).status).toBe(200);
  });

  it('is refused from the request after its revocation on', async () => {
    const { id, headers } = await createKey(['read']);
    expect((await service.get(path, headers)).status).toBe(200);
    await service.post(`/v1/api-keys/${id}/revoke`, {});
    expect((await service.get(path, headers)).status).toBe(401);
  });

  it('is refused once it has expired', async () => {
    const { id, headers } = await createKey(['read']);
    await withDataSource(service.database.url, (dataSource) =>
      dataSource.query(`update api_keys set expires_at = now() - interval '1 ms' where id = $1`, [id]),
    );
    expect((await service.get(path, headers)).status).toBe(401);
  });

  it('is in no line of the log, nor is its hash, whatever becomes of the request', async () => {
    const { key, headers } = await createKey(['read']);
    for (const route of [
      path,
      '/v1/users?email=x',
      '/v1/api-keys/recently-used',
      '/v1/organizations?name=%00',
    ]) {
      await service.get(route, headers);
    }
    const hash = hashApiKey(key, TEST_PEPPER);
    const log = JSON.stringify(service.readLog());
    expect(log).toContain('/v1/organizations');
    for (const secret of [key.split('_')[3], hash.toString('hex'), hash.toString('base64'), '"keyHash"']) {
      expect(log).not.toContain(secret);
    }
  });

  it('has the answers to its idempotency keys with its organization, apart from others', async () => {
    const other = (await service.post('/v1/organizations', { name: 'Other' })).body.id;
    const [own, foreign, colleague] = await Promise.all(
      [organizationId, other, organizationId].map((id) => createKey(['keys'], { organizationId: id })),
    );
    const send = (headers = {}) =>
      service.post(
        '/v1/api-keys',
        { userId, name: 'once', scopes: ['keys'] },
        { ...headers, 'idempotency-key': 'the-same' },
      );
    const first = await send(own?.headers);
    const elsewhere = await send(foreign?.headers);
    const again = await send(colleague?.headers);
    expect(first).toMatchObject({ status: 201, body: { organizationId } });
    expect(elsewhere).toMatchObject({ status: 201, body: { organizationId: other } });
    expect(again.body.id).toBe(first.body.id);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('a key that makes keys', () => {
  const send = (headers: Record<string, string>, more: object) =>
    service.post('/v1/api-keys', { userId, name: 'more', scopes: ['keys'], ...more }, headers);
  const isForbidden = (field: string) => ({
    status: 403,
    body: { type: '/problems/forbidden', errors: [{ path: `body.${field}` }] },
  });

  it('gives no scope that it does not have, when it makes, changes or rotates one', async () => {
    const { headers } = await createKey(['keys', 'read']);
    expect(await send(headers, { scopes: ['keys', 'write'] })).toMatchObject(isForbidden('scopes'));
    const made = await send(headers, { scopes: ['read', 'keys'] });
    expect(made.status).toBe(201);
    const change = (scopes: ApiKeyScope[]) =>
      service.patch(`/v1/api-keys/${made.body.id}`, { scopes }, { ...headers, 'if-match': '*' });
    expect(await change(['read', 'operate'])).toMatchObject(isForbidden('scopes'));
    expect((await change(['read'])).status).toBe(200);
    const stronger = await createKey(['operate']);
    const rotate = (id: string) => service.post(`/v1/api-keys/${id}/rotate`, {}, headers);
    expect(await rotate(stronger.id)).toMatchObject(isForbidden('scopes'));
    // It was not retired on the way.
    expect((await service.get('/console/data', stronger.headers)).status).toBe(200);
    expect((await rotate(made.body.id)).status).toBe(201);
  });

  it('gives no organization, and no user, but its own; by default its own', async () => {
    const { headers } = await createKey(['keys'], { organizationId });
    const stranger = (await service.post('/v1/users', {})).body.id;
    const other = (await service.post('/v1/organizations', { name: 'Other' })).body.id;
    expect(await send(headers, { organizationId: other })).toMatchObject(isForbidden('organizationId'));
    expect(await send(headers, { organizationId: null })).toMatchObject(isForbidden('organizationId'));
    expect(await send(headers, { userId: stranger })).toMatchObject(isForbidden('userId'));
    expect(await send(headers, {})).toMatchObject({ status: 201, body: { organizationId } });
    expect(await send(headers, { organizationId })).toMatchObject({ status: 201, body: { organizationId } });
  });

  it('does not get the key of another user by rotating it', async () => {
    const { headers } = await createKey(['keys'], { organizationId });
    const colleague = (await service.post('/v1/users', {})).body.id;
    const { id } = await createKey(['keys'], { organizationId, userId: colleague });
    expect(await service.post(`/v1/api-keys/${id}/rotate`, {}, headers)).toMatchObject(isForbidden('userId'));
  });
});

describe('while the database is gone', () => {
  it('what is no key is refused all the same, and of a key nothing is denied: 503', async () => {
    const server = await openTemporaryServer();
    await migrate(server.url);
    const away = await openService(server.url, {
      DATABASE_POOL_ACQUIRE_MS: '200',
      DATABASE_POOL_CREATE_MS: '1000',
    });
    try {
      const path = '/v1/organizations?domain=acme.example';
      expect((await away.get(path)).status).toBe(200);
      await server.halt('immediate');
      expect(await away.get(path)).toMatchObject({
        status: 503,
        body: { type: '/problems/database-unavailable' },
      });
      expect((await away.get(path, NOBODY)).status).toBe(401);
      expect((await away.get(path, bearer('secret'))).status).toBe(401);
    } finally {
      await away.close();
      await server.stop();
    }
  });
});
