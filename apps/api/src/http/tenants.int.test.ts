import { randomBytes } from 'node:crypto';
import { API_KEY_SCOPES, newId } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { followTail } from '../test/follow-tail';
import { withDataSource } from '../test/suffering';
import { openService, type TestService } from '../test/test-service';

const SUFFIX = randomBytes(6).toString('hex');
const [ROLE, OPERATOR] = [`service_${SUFFIX}`, `operations_${SUFFIX}`];

interface Tenant {
  readonly organizationId: string;
  readonly userId: string;
  readonly membershipId: string;
  readonly eventId: string;
  readonly keyId: string;
  readonly aggregateId: string;
  readonly headers: Record<string, string>;
}

/** A service whose role is the one of applications, as it is deployed: nothing but the policies keeps tenants apart. */
describe('two organizations on one service', () => {
  let database: TestDatabase;
  let service: TestService;
  let one: Tenant;
  let other: Tenant;
  beforeAll(async () => {
    database = await openTestDatabase();
    // As deploy/roles.sql has it.
    await withDataSource(database.url, async (owner) => {
      await owner.query(`create role ${ROLE} login password 'service' in role holdfast_app`);
      await owner.query(
        `create role ${OPERATOR} login password 'service'
         in role holdfast_app, holdfast_worker, holdfast_read, pg_monitor`,
      );
      await owner.query('grant select on public.migrations to holdfast_read');
    });
    const urlOf = (username: string) =>
      Object.assign(new URL(database.url), { username, password: 'service' }).href;
    service = await openService(database.url, {
      DATABASE_URL: urlOf(ROLE),
      OPERATIONS_DATABASE_URL: urlOf(OPERATOR),
    });
    one = await createTenant('one');
    other = await createTenant('other');
  });
  afterAll(async () => {
    await service?.close();
    await withDataSource(database.url, (owner) => owner.query(`drop role ${ROLE}, ${OPERATOR}`));
    await database?.drop();
  });

  const make = async (path: string, body: object, headers?: Record<string, string>) => {
    const answer = await service.post(path, body, headers);
    expect({ path, status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
    return answer.body;
  };
  const appendOf = (aggregateId: string, organizationId: string, expectedVersion = 0) => ({
    aggregateType: 'order',
    aggregateId,
    expectedVersion,
    events: [{ eventType: 'order.placed', payload: {}, organizationId, tags: ['a:1'] }],
  });

  async function createTenant(name: string): Promise<Tenant> {
    const organizationId = (await make('/v1/organizations', { name, domain: `${name}.example` })).id;
    const userId = (
      await make('/v1/users', { email: `ada@${name}.example`, firstName: 'Ada', lastName: 'L' })
    ).id;
    const membershipId = (await make('/v1/memberships', { userId, organizationId, role: 'owner' })).id;
    const scopes = API_KEY_SCOPES.filter((scope) => scope !== 'operate');
    const key = await make('/v1/api-keys', { userId, organizationId, name, scopes });
    const headers = { authorization: `Bearer ${key.key}` };
    const aggregateId = newId();
    const { events } = await make('/v1/events', appendOf(aggregateId, organizationId), headers);
    return {
      organizationId,
      userId,
      membershipId,
      eventId: events[0].id,
      keyId: key.id,
      aggregateId,
      headers,
    };
  }

  const listPaths = (tenant: Tenant) => [
    `/v1/organizations/${tenant.organizationId}`,
    `/v1/users/${tenant.userId}`,
    `/v1/memberships/${tenant.membershipId}`,
    `/v1/api-keys/${tenant.keyId}`,
    `/v1/events/${tenant.eventId}`,
  ];

  it('each read what is their own, and find nothing of the other', async () => {
    for (const path of listPaths(one)) {
      expect({ path, status: (await service.get(path, one.headers)).status }).toEqual({ path, status: 200 });
      expect({ path, status: (await service.get(path, other.headers)).status }).toEqual({
        path,
        status: 404,
      });
      // The key that sees all.
      expect({ path, status: (await service.get(path)).status }).toEqual({ path, status: 200 });
    }
  });

  it.each([
    ['organizations by domain', () => '/v1/organizations?domain=one.example'],
    ['organizations by name', () => '/v1/organizations?name=one'],
    ['users by address', () => '/v1/users?email=ada@one.example'],
    ['events by organization', () => `/v1/events?organizationId=${one.organizationId}`],
    ['API keys by organization', () => `/v1/api-keys?organizationId=${one.organizationId}&status=active`],
    ['a stream', () => `/v1/streams/order/${one.aggregateId}`],
  ])('find in a list only their own: %s', async (_name, path) => {
    expect((await service.get(path(), one.headers)).body.items).toHaveLength(1);
    expect((await service.get(path(), other.headers)).body.items).toEqual([]);
  });

  it.each([
    ['organizations by status', '/v1/organizations?status=active', 'id', 'organizationId'],
    ['users by first name', '/v1/users?firstName=Ada', 'id', 'userId'],
    ['events by type', '/v1/events?type=order.placed', 'organizationId', 'organizationId'],
    ['events by tag', '/v1/events?tag=a:1', 'organizationId', 'organizationId'],
    ['API keys by use', '/v1/api-keys/recently-used', 'id', 'keyId'],
  ] as const)('find in a list that is about all only their own: %s', async (_name, path, field, own) => {
    for (const tenant of [one, other]) {
      const { status, body } = await service.get(path, tenant.headers);
      expect(status).toBe(200);
      const found = new Set(body.items.map((item: Record<string, unknown>) => item[field]));
      expect(found).toEqual(new Set([tenant[own]]));
    }
  });

  it('change nothing of each other', async () => {
    const change = (path: string, body: object) =>
      service.patch(path, body, { ...other.headers, 'if-match': '*' });
    for (const [path, body] of [
      [`/v1/organizations/${one.organizationId}`, { name: 'taken over' }],
      [`/v1/users/${one.userId}`, { firstName: 'Eve' }],
      [`/v1/memberships/${one.membershipId}`, { role: 'member' }],
      [`/v1/api-keys/${one.keyId}`, { name: 'taken over' }],
    ] as const) {
      expect({ path, status: (await change(path, body)).status }).toEqual({ path, status: 404 });
    }
    for (const action of ['rotate', 'revoke']) {
      const path = `/v1/api-keys/${one.keyId}/${action}`;
      expect({ path, status: (await service.post(path, {}, other.headers)).status }).toEqual({
        path,
        status: 404,
      });
    }
    const ended = await service.send(`/v1/memberships/${one.membershipId}`, {
      method: 'DELETE',
      headers: { ...other.headers, 'if-match': '*' },
    });
    expect(ended.status).toBe(404);
    expect((await service.get(`/v1/organizations/${one.organizationId}`)).body.name).toBe('one');
  });

  it('write nothing for each other: what the policies refuse is forbidden', async () => {
    const forbidden = { status: 403, body: { type: '/problems/forbidden' } };
    const append = appendOf(newId(), one.organizationId);
    expect(await service.post('/v1/events', append, other.headers)).toMatchObject(forbidden);
    expect(await service.post('/v1/organizations', { name: 'mine' }, other.headers)).toMatchObject(forbidden);
    expect(await service.post('/v1/users', {}, other.headers)).toMatchObject(forbidden);
    const membership = { userId: other.userId, organizationId: one.organizationId, role: 'owner' };
    expect(await service.post('/v1/memberships', membership, other.headers)).toMatchObject(forbidden);
    const key = { userId: other.userId, organizationId: one.organizationId, name: 'x', scopes: ['read'] };
    expect(await service.post('/v1/api-keys', key, other.headers)).toMatchObject(forbidden);
  });

  it('invite, which alone opens nothing, until who is invited accepts', async () => {
    const { id: organizationId } = await make('/v1/organizations', { name: 'inviting' });
    const { id: userId } = await make('/v1/users', { firstName: 'Host' });
    await make('/v1/memberships', { userId, organizationId, role: 'owner' });
    const scopes = ['read', 'write'];
    const { key } = await make('/v1/api-keys', { userId, organizationId, name: 'host', scopes });
    const host = { authorization: `Bearer ${key}` };
    const guest = { userId: other.userId, organizationId };
    const invites = { status: 403, body: { detail: expect.stringContaining('accepts the invitation') } };
    expect(await service.post('/v1/memberships', guest, host)).toMatchObject(invites);
    const { id } = await make('/v1/memberships', { ...guest, status: 'pending' }, host);
    const activate = () =>
      service.patch(`/v1/memberships/${id}`, { status: 'active' }, { ...host, 'if-match': '*' });
    expect(await activate()).toMatchObject(invites);
    const accept = (headers: Record<string, string>) =>
      service.post(`/v1/memberships/${id}/accept`, {}, headers);
    expect(await accept(host)).toMatchObject({
      status: 403,
      body: { type: '/problems/forbidden', detail: expect.stringContaining('a key of the user') },
    });
    expect((await accept(one.headers)).status).toBe(404);
    expect((await service.get(`/v1/users/${other.userId}`, host)).status).toBe(404);

    const question = `/v1/memberships?userId=${other.userId}&organizationId=${organizationId}`;
    expect((await service.get(question, one.headers)).body.items).toEqual([]);
    const [invitation] = (await service.get(question, other.headers)).body.items;
    expect(invitation).toMatchObject({ id, status: 'pending' });
    const once = { ...other.headers, 'idempotency-key': 'accept' };
    const [first, again] = [await accept(once), await accept(once)];
    expect(first).toMatchObject({ status: 200, body: { id, ...guest, status: 'active' } });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await accept(other.headers)).toMatchObject({ status: 200, body: first.body });
    expect((await service.get(`/v1/users/${other.userId}`, host)).status).toBe(200);

    for (const status of ['suspended', 'removed']) {
      const path = `/v1/memberships/${id}`;
      const ended = await service.patch(path, { status }, { ...host, 'if-match': '*' });
      expect(ended.status).toBe(200);
      expect(await accept(other.headers)).toMatchObject({
        status: 409,
        body: { type: '/problems/invitation-closed' },
      });
      expect((await service.get(path)).body).toEqual(ended.body);
      expect(await activate()).toMatchObject(invites);
    }
  });

  it('do their own work, once for an idempotency key', async () => {
    const aggregateId = newId();
    const headers = { ...one.headers, 'idempotency-key': 'once' };
    const append = appendOf(aggregateId, one.organizationId);
    const [first, again] = [
      await service.post('/v1/events', append, headers),
      await service.post('/v1/events', append, headers),
    ];
    expect(first.status).toBe(201);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    // The other's answer to the same name is its own.
    const foreign = await service.post('/v1/events', appendOf(newId(), other.organizationId), {
      ...other.headers,
      'idempotency-key': 'once',
    });
    expect(foreign).toMatchObject({ status: 201 });
    expect(foreign.headers.get('idempotency-replayed')).toBeNull();
    const renamed = await service.patch(
      `/v1/organizations/${one.organizationId}`,
      { name: 'one' },
      { ...one.headers, 'if-match': '*' },
    );
    expect(renamed.status).toBe(200);
    const rotated = await service.post(`/v1/api-keys/${one.keyId}/rotate`, {}, one.headers);
    expect(rotated.status).toBe(201);
    const next = { authorization: `Bearer ${rotated.body.key}` };
    expect((await service.get(`/v1/organizations/${one.organizationId}`, next)).status).toBe(200);
  });

  it('follow from now on what is their own alone', async () => {
    const write = async ({ organizationId, headers }: Tenant) =>
      (await make('/v1/events', appendOf(newId(), organizationId), headers)).events[0].id;
    await write(one);
    await write(other);
    const tail = await followTail(`${service.url}/v1/events/tail?from=end`, other.headers);
    try {
      await write(one);
      const own = await write(other);
      await write(one);
      const last = await write(other);
      await tail.waitFor(2);
      expect(tail.messages.map(({ data }) => data.id)).toEqual([own, last]);
    } finally {
      tail.close();
    }
  });

  it('leave the console to operators, for whom it works, with rights of its own', async () => {
    const { body } = await service.get('/console/data');
    expect(body).toMatchObject({
      database: { state: 'known' },
      events: { state: 'known' },
      deadLetters: { state: 'known' },
      migrations: { state: 'known' },
    });
    expect((await service.get('/console/data', one.headers)).status).toBe(403);
    await withDataSource(database.url, (owner) =>
      owner.query('update events set retry_count = 5 where id = $1', [one.eventId]),
    );
    const replay = `/console/dead-letters/${one.eventId}/replay`;
    expect((await service.send(replay, { method: 'POST', headers: one.headers })).status).toBe(403);
    expect((await service.send(replay, { method: 'POST' })).status).toBe(204);
    const [event] = await withDataSource(database.url, (owner) =>
      owner.query('select retry_count from events where id = $1', [one.eventId]),
    );
    expect(event.retry_count).toBe(0);
    await service.send('/console/doctor', { method: 'POST' });
    let doctor = (await service.get('/console/data')).body.doctor;
    while (doctor.isRunning) doctor = (await service.get('/console/data')).body.doctor;
    expect(doctor).toMatchObject({ failure: null });
  });
});
