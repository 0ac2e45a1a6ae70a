import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BoundService, openBoundService } from '../test/bound-service';
import { lockTable } from '../test/table-lock';
import { createTenant, type Tenant } from '../test/tenant';
import { openServiceOnTestDatabase, type TestService } from '../test/test-service';

type Headers = Record<string, string>;
type Status = { readonly status: number; readonly body: { readonly type?: string } };

interface Route {
  readonly scope: string;
  /** Of the tenant's own, which is answered well. */
  readonly ask: (tenant: Tenant, headers: Headers, service?: TestService) => Promise<Status>;
  /** Which is refused whatever key comes. */
  readonly askBadly: (headers: Headers) => Promise<Status>;
}

/** A key that was good lately is not looked up by itself: the policies judge it by what is asked for. */
describe('a key whose request proves it', () => {
  let bound: BoundService;
  let service: TestService;
  let tenant: Tenant;

  beforeAll(async () => {
    bound = await openBoundService();
    service = bound.service;
  });
  afterAll(() => bound?.close());
  beforeEach(async () => {
    tenant = await createTenant(service, bound.owner, randomUUID());
  });

  const appendOf = (organizationId: string, aggregateId: string = randomUUID()) => ({
    ...{ aggregateType: 'order', aggregateId, expectedVersion: 0 },
    events: [{ eventType: 'order.placed', payload: {}, organizationId }],
  });
  const append: Route['ask'] = ({ organization }, headers, to = service) =>
    to.post('/v1/events', appendOf(organization), headers);
  const byId = (path: string, scope: string, idOf: (tenant: Tenant) => string): Route => ({
    scope,
    ask: (of, headers, to = service) => to.get(`${path}/${idOf(of)}`, headers),
    askBadly: (headers) => service.get(`${path}/no-id`, headers),
  });

  const ROUTES: Readonly<Record<string, Route>> = {
    'GET /v1/events/:id': byId('/v1/events', 'events:read', ({ event }) => event),
    'GET /v1/organizations/:id': byId('/v1/organizations', 'read', ({ organization }) => organization),
    'GET /v1/users/:id': byId('/v1/users', 'read', ({ user }) => user),
    'GET /v1/memberships/:id': byId('/v1/memberships', 'read', ({ membership }) => membership),
    'GET /v1/api-keys/:id': byId('/v1/api-keys', 'keys', ({ key }) => key),
    'POST /v1/events': {
      scope: 'events:append',
      ask: append,
      askBadly: (headers) => service.post('/v1/events', {}, headers),
    },
  };
  const NAMES = Object.keys(ROUTES);
  const routeOf = (name: string) => ROUTES[name] as Route;

  const changeKey = (change: string, values: unknown[] = []) =>
    bound.owner.query(`update api_keys set ${change} where id = $1`, [tenant.key, ...values]);
  const readUse = async () =>
    (await bound.owner.query('select last_used_at from api_keys where id = $1', [tenant.key]))[0]
      .last_used_at;
  const countEvents = async () =>
    Number(
      (
        await bound.owner.query('select count(*) from events where organization_id = $1', [
          tenant.organization,
        ])
      )[0].count,
    );
  /** The least of some times: what the service asks for by itself, as for its readiness, falls into the others. */
  const countRoundTrips = async (doIt: () => Promise<void>) => {
    const counts: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      bound.proxy.resetCounts();
      await doIt();
      counts.push(bound.proxy.counts.roundTrips);
    }
    return Math.min(...counts);
  };
  const isWell = ({ status }: Status) => status === 200 || status === 201;

  it('has each of its routes here', () => {
    const folder = join(__dirname, 'routes');
    const files = readdirSync(folder).filter((file) => file.endsWith('.routes.ts'));
    const flags = files.flatMap(
      (file) => readFileSync(join(folder, file), 'utf8').match(/provesKey: true/g) ?? [],
    );
    expect(flags).toHaveLength(NAMES.length);
  });

  it('is one round trip', async () => {
    for (const name of NAMES) {
      const { ask } = routeOf(name);
      const least = await countRoundTrips(async () => {
        expect(isWell(await ask(tenant, { ...tenant.headers }))).toBe(true);
      });
      expect([name, least]).toEqual([name, 1]);
    }
  });

  it('finds the only place of its class, with its body', async () => {
    const narrow = await bound.openAnother({ ADMISSION_READS: '1', ADMISSION_APPENDS: '1' });
    try {
      for (const name of [...NAMES, ...NAMES, ...NAMES]) {
        const { status } = await routeOf(name).ask(tenant, { ...tenant.headers }, narrow);
        expect([name, status]).toEqual([name, name.startsWith('POST') ? 201 : 200]);
      }
    } finally {
      await narrow.close();
    }
  });

  it('is looked up where that was not done lately, by which its use is noted', async () => {
    const { ask } = routeOf('GET /v1/users/:id');
    expect(isWell(await ask(tenant, { ...tenant.headers }))).toBe(true);
    await changeKey('last_used_at = null');
    expect(isWell(await ask(tenant, { ...tenant.headers }))).toBe(true);
    expect(await readUse()).toBeNull();
    const another = await bound.openAnother();
    try {
      expect(isWell(await ask(tenant, { ...tenant.headers }, another))).toBe(true);
      expect(await readUse()).toBeInstanceOf(Date);
    } finally {
      await another.close();
    }
  });

  describe.each(NAMES)('of %s', (name) => {
    const { ask, askBadly, scope } = routeOf(name);
    const headers = (): Headers => ({ ...tenant.headers });
    const askAll = async () => [await ask(tenant, headers()), await askBadly(headers())];

    it.each([
      ['is revoked', `status = 'revoked'`],
      ['rests', `status = 'inactive'`],
      ['has come to its end', `expires_at = now() - interval '1 s'`],
    ])('is refused from the next request on when it %s', async (_how, change) => {
      expect(isWell(await ask(tenant, headers()))).toBe(true);
      const written = await countEvents();
      await changeKey(change);
      for (const answer of [...(await askAll()), ...(await askAll())]) {
        expect(answer).toMatchObject({ status: 401, body: { type: '/problems/unauthenticated' } });
      }
      expect(await countEvents()).toBe(written);
    });

    it('is refused from the next request on when it has lost the scope, and served again when it has it', async () => {
      expect(isWell(await ask(tenant, headers()))).toBe(true);
      const written = await countEvents();
      await changeKey('scopes = array_remove(scopes, $2)', [scope]);
      for (const answer of [...(await askAll()), ...(await askAll())]) {
        expect(answer).toMatchObject({ status: 403, body: { type: '/problems/scope-missing' } });
      }
      expect(await countEvents()).toBe(written);
      await changeKey('scopes = array_append(scopes, $2)', [scope]);
      expect(isWell(await ask(tenant, headers()))).toBe(true);
    });

    it('is looked up, and nothing else is asked for it, once it was found to be no good', async () => {
      expect(isWell(await ask(tenant, headers()))).toBe(true);
      await changeKey(`status = 'revoked'`);
      expect((await ask(tenant, headers())).status).toBe(401);
      const least = await countRoundTrips(async () => {
        expect((await ask(tenant, headers())).status).toBe(401);
      });
      expect(least).toBe(1);
    });

    it('is told what is wrong with the request while it is good', async () => {
      await ask(tenant, headers());
      expect(await askBadly(headers())).toMatchObject({
        status: 400,
        body: { type: '/problems/validation' },
      });
    });
  });

  it('finds nothing that is not there, or another organization has', async () => {
    const other = await createTenant(service, bound.owner, randomUUID());
    for (const path of [
      `/v1/events/${other.event}`,
      `/v1/users/${other.user}`,
      `/v1/api-keys/${randomUUID()}`,
    ]) {
      const answer = await service.get(path, { ...tenant.headers });
      expect(answer).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    }
    expect(await append(other, { ...tenant.headers })).toMatchObject({
      status: 403,
      body: { type: '/problems/forbidden' },
    });
  });

  it('spoils no append of others in the same turn', async () => {
    const others = [await createTenant(service, bound.owner, randomUUID()), tenant];
    const gone = await createTenant(service, bound.owner, randomUUID());
    for (const one of [...others, gone]) expect((await append(one, { ...one.headers })).status).toBe(201);
    await bound.owner.query(`update api_keys set status = 'revoked' where id = $1`, [gone.key]);
    const asked = [...others, gone, ...others].map((one) => append(one, { ...one.headers }));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses).toEqual([201, 201, 401, 201, 201]);
  });

  it.each([
    [`status = 'revoked'`, 401],
    [`scopes = '{events:read}'`, 403],
  ])('gets no answer that was kept for its Idempotency-Key after %s', async (change, status) => {
    const body = appendOf(tenant.organization);
    const send = () => service.post('/v1/events', body, { ...tenant.headers, 'idempotency-key': 'once' });
    const [first, again] = [await send(), await send()];
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      201,
      201,
      'true',
    ]);
    await changeKey(change);
    expect(await send()).toMatchObject({ status });
  });

  it('is refused where nothing of the answer would be sent', async () => {
    const path = `/v1/users/${tenant.user}`;
    const head = () => service.send(path, { method: 'HEAD', headers: { ...tenant.headers } });
    const again = () => service.get(path, { ...tenant.headers, 'if-none-match': '*' });
    expect([(await head()).status, (await again()).status]).toEqual([200, 304]);
    await changeKey(`status = 'revoked'`);
    expect((await again()).status).toBe(401);
    await changeKey(`status = 'active'`);
    expect((await again()).status).toBe(304);
    await changeKey(`status = 'revoked'`);
    expect((await head()).status).toBe(401);
  });

  it('is refused when it ends by itself', async () => {
    const path = `/v1/users/${tenant.user}`;
    await changeKey(`expires_at = now() + interval '1 s'`);
    let answer = await service.get(path, { ...tenant.headers });
    expect(answer.status).toBe(200);
    while (answer.status === 200) answer = await service.get(path, { ...tenant.headers });
    expect(answer.status).toBe(401);
  });

  it("is refused when it is an operator's", async () => {
    const scopes = ['events:read', 'read'];
    const { id, key } = (
      await service.post('/v1/api-keys', { userId: tenant.user, name: 'operator', scopes })
    ).body;
    const ask = () => service.get(`/v1/events/${tenant.event}`, { authorization: `Bearer ${key}` });
    expect((await ask()).status).toBe(200);
    await bound.owner.query(`update api_keys set status = 'revoked' where id = $1`, [id]);
    expect((await ask()).status).toBe(401);
  });

  it('is looked up again after a failure that says nothing of it, which is told and logged as it was', async () => {
    const ask = () => service.get(`/v1/users/${tenant.user}`, { ...tenant.headers });
    expect((await ask()).status).toBe(200);
    await changeKey(`status = 'revoked'`);
    await bound.owner.query('alter table users rename to users_away');
    try {
      expect(await ask()).toMatchObject({ status: 500, body: { type: '/problems/internal' } });
      expect(service.readLog()).toContainEqual(
        expect.objectContaining({ message: 'Request failed', level: 'error' }),
      );
      expect((await ask()).status).toBe(401);
    } finally {
      await bound.owner.query('alter table users_away rename to users');
    }
  });

  it('waits once at most for what others hold', async () => {
    expect((await append(tenant, { ...tenant.headers })).status).toBe(201);
    await changeKey(`status = 'revoked'`);
    const lock = await lockTable(bound.url, 'events');
    try {
      const impatient = { ...tenant.headers, 'request-timeout': '0.3' };
      expect((await append(tenant, impatient)).status).toBe(504);
      expect((await append(tenant, impatient)).status).toBe(401);
    } finally {
      await lock.release();
    }
  });
});

describe('a key of a service whose role no policy binds', () => {
  it('is looked up with each request', async () => {
    const service = await openServiceOnTestDatabase();
    try {
      const userId = (await service.post('/v1/users', {})).body.id;
      const { id, key } = (await service.post('/v1/api-keys', { userId, name: 'brief', scopes: ['read'] }))
        .body;
      const ask = () => service.get(`/v1/users/${userId}`, { authorization: `Bearer ${key}` });
      expect((await ask()).status).toBe(200);
      expect((await service.post(`/v1/api-keys/${id}/revoke`, {})).status).toBe(200);
      expect((await ask()).status).toBe(401);
    } finally {
      await service.close();
    }
  });
});
