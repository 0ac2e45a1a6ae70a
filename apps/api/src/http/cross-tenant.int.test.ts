import { randomUUID } from 'node:crypto';
import { createDataSource } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import { ATTEMPTS, type Attempt } from '../test/cross-tenant-attempts';
import { followTail } from '../test/follow-tail';
import { lineOf, render, sendImport } from '../test/import-client';
import { createTenant, type Tenant } from '../test/tenant';
import { openService, type TestService } from '../test/test-service';

let database: TestDatabase;
let owner: DataSource;
let service: TestService;
let theirs: Tenant;
let ours: Tenant;

beforeAll(async () => {
  database = await openTestDatabase();
  owner = await openDataSource(createDataSource('test', { DATABASE_URL: database.url }));
  // As it is deployed: a login that policies hold for.
  const login = `cross_tenant_${randomUUID().slice(0, 8)}`;
  await owner.query(`create role ${login} login password '${login}'`);
  await owner.query(`grant holdfast_app to ${login}`);
  const url = Object.assign(new URL(database.url), { username: login, password: login }).href;
  service = await openService(database.url, { DATABASE_URL: url, OPERATIONS_DATABASE_URL: database.url });
  theirs = await createTenant(service, owner, 'theirs');
  ours = await createTenant(service, owner, 'ours');
});
afterAll(async () => {
  await service?.close();
  const logins: { name: string }[] = await owner.query(
    `select rolname as name from pg_roles where rolname like 'cross_tenant_%'`,
  );
  for (const { name } of logins) await owner.query(`drop role ${name}`);
  await closeDataSource(owner);
  await database?.drop();
});

interface Documented {
  readonly security?: readonly unknown[];
}

/** Every row of the other, as the owner of the tables sees it. */
async function readRows({ organization, user, aggregate }: Tenant): Promise<unknown> {
  const read = (table: string, condition: string, id: string) =>
    owner.query(`select to_jsonb(t) - 'last_used_at' as row from ${table} t where ${condition} order by 1`, [
      id,
    ]);
  return Promise.all([
    read('organizations', 'id = $1', organization),
    read('users', 'id = $1', user),
    read('user_organizations', 'organization_id = $1', organization),
    read('api_keys', 'organization_id = $1', organization),
    read('events', 'aggregate_id = $1', aggregate),
    read('organization_activity', 'organization_id = $1', organization),
    owner.query(
      'select (select count(*) from organizations) as organizations, (select count(*) from users) as users',
    ),
  ]);
}

const send = (name: string, { path, body, headers = {} }: Attempt, tenant: Tenant) =>
  service.send(path, {
    method: name.split(' ')[0]?.toUpperCase() ?? '',
    headers: {
      ...tenant.headers,
      ...headers,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });

/** One has no end, and the other takes no JSON. */
const TRIED_BELOW = ['get /v1/events/tail', 'post /v1/events/import'];

it('every route that needs a key is tried, and no other', async () => {
  const { body } = await service.get('/docs/json');
  const names = Object.entries(body.paths as Record<string, Record<string, Documented>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security !== undefined)
        .map(([method]) => `${method} ${path}`),
  );
  expect([...Object.keys(ATTEMPTS), ...TRIED_BELOW].toSorted()).toEqual(names.toSorted());
});

describe.each(Object.entries(ATTEMPTS))('%s', (name, list) => {
  it('tells and does nothing of what is of another organization', async () => {
    const before = await readRows(theirs);
    for (const attempt of list(theirs, ours)) {
      const { status, body, headers } = await send(name, attempt, ours);
      const found = { attempt: attempt.path, status, type: body.type, items: body.items };
      switch (attempt.becomes) {
        case 'missing':
          expect(found).toMatchObject({ status: 404, type: '/problems/not-found' });
          expect(headers.get('etag')).toBeNull();
          break;
        case 'refused':
          expect(found).toMatchObject({ status: 403, type: '/problems/forbidden' });
          break;
        case 'conflict':
          expect(found).toMatchObject({ status: 409, type: '/problems/version-conflict' });
          break;
        case 'empty':
          expect(found).toMatchObject({ status: 200, items: [] });
          break;
        case 'own':
          expect(status).toBe(200);
          expect(body.items.length).toBeGreaterThan(0);
          break;
        default:
          attempt.becomes satisfies never;
      }
      const told = JSON.stringify(body.items ?? []);
      const { headers: _, name: __, ...ids } = theirs;
      for (const id of Object.values(ids)) expect(told).not.toContain(id);
    }
    expect(await readRows(theirs)).toEqual(before);
  });

  it('answers what is of another as what is of nobody', async () => {
    const nobody = Object.fromEntries(
      Object.keys(theirs).map((part) => [part, randomUUID()]),
    ) as unknown as Tenant;
    const strip = (text: unknown) => JSON.stringify(text).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');
    const strangers = list(nobody, ours);
    for (const [at, attempt] of list(theirs, ours).entries()) {
      if (attempt.becomes === 'own') continue;
      const stranger = strangers[at];
      if (stranger === undefined) throw new Error('an attempt is missing');
      const [about, nothing] = [await send(name, attempt, ours), await send(name, stranger, ours)];
      expect({ status: about.status, body: strip(about.body) }).toEqual({
        status: nothing.status,
        body: strip(nothing.body),
      });
    }
  });

  it('knows what it is asked for, for whom it belongs to (control)', async () => {
    for (const attempt of list(ours, theirs)) {
      const method = name.split(' ')[0];
      if (method !== 'get') continue;
      const { status, body } = await send(name, attempt, ours);
      expect({ path: attempt.path, status }).toEqual({ path: attempt.path, status: 200 });
      if (body.items !== undefined) expect(body.items.length).toBeGreaterThan(0);
    }
  });
});

describe('a cursor of another organization', () => {
  it.each([
    '/v1/organizations?status=active',
    '/v1/users?status=active&role=member',
    '/v1/users/recently-active?',
    '/v1/api-keys?expiresBefore=3000-01-01T00:00:00Z',
    '/v1/api-keys/recently-used?',
    '/v1/events?type=order.placed',
    '/v1/events?tag=all',
  ])('leads to nothing of it: %s', async (path) => {
    const { body: first } = await service.get(`${path}&limit=1`);
    expect(first.nextCursor).toEqual(expect.any(String));
    const { status, body } = await service.get(`${path}&cursor=${first.nextCursor}`, { ...ours.headers });
    expect(status).toBe(200);
    const told = JSON.stringify(body);
    for (const id of [theirs.organization, theirs.user, theirs.key, theirs.event])
      expect(told).not.toContain(id);
  });
});

describe('a tail', () => {
  it('shows its own events alone, and passes over those of others', async () => {
    const tail = await followTail(`${service.url}/v1/events/tail`, { ...ours.headers });
    try {
      await tail.waitFor(1);
      expect(tail.messages.map(({ data }) => data.organizationId)).toContain(ours.organization);
      const told = JSON.stringify(tail.messages);
      for (const id of [theirs.organization, theirs.aggregate, theirs.event]) expect(told).not.toContain(id);
    } finally {
      tail.close();
    }
  });
});

describe('an import', () => {
  it('reports a line for another organization, and has the others', async () => {
    const before = await readRows(theirs);
    const lines = [theirs, ours].map(({ organization }) =>
      lineOf(randomUUID(), { organizationId: organization }),
    );
    const { status, reported, summary } = await sendImport(service, render(lines), {
      ...ours.headers,
      'idempotency-key': randomUUID(),
    });
    expect({ status, reported, summary }).toEqual({
      status: 200,
      reported: [{ line: 1, reason: 'not-permitted' }],
      summary: { appended: 1, repeated: 0, reported: 1, complete: true },
    });
    expect(await readRows(theirs)).toEqual(before);
  });
});

describe('a stream of another organization', () => {
  it('is not gone on with, nor does an attempt tell at which version it is', async () => {
    const before = await readRows(theirs);
    const append = (aggregateId: string, expectedVersion: number) =>
      service.post(
        '/v1/events',
        { aggregateType: 'order', aggregateId, expectedVersion, events: [{ eventType: 'x', payload: {} }] },
        { ...ours.headers },
      );
    for (const version of [0, 1, 2]) {
      const { status } = await append(theirs.aggregate, version);
      expect({ version, status }).not.toEqual({ version, status: 201 });
    }
    expect(await readRows(theirs)).toEqual(before);
  });
});

describe('appends of several organizations that are committed together', () => {
  const append = ({ headers }: Tenant, organizationId: string, aggregateId = randomUUID()) =>
    service.post(
      '/v1/events',
      {
        ...{ aggregateType: 'together', aggregateId, expectedVersion: 0 },
        events: [{ eventType: 'together.done', payload: {}, organizationId }],
      },
      headers,
    );
  const appendOwn = (tenants: readonly Tenant[]) =>
    Promise.all(tenants.map((tenant) => append(tenant, tenant.organization)));
  const readTogether = (): Promise<{ ids: string[]; organizations: number }[]> =>
    owner.query(
      `select array_agg(id) as ids, count(distinct organization_id)::int as organizations
       from events where aggregate_type = 'together' group by transaction_id having count(*) > 1`,
    );

  it('are one transaction, and each is told its own event', async () => {
    for (let round = 0; round < 40 && (await readTogether()).length === 0; round += 1) {
      const answers = await appendOwn([ours, theirs, ours, theirs, ours, theirs]);
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
      for (const [at, { body }] of answers.entries()) {
        const { headers, organization } = at % 2 === 0 ? ours : theirs;
        const read = await service.get(`/v1/events/${body.events[0].id}`, headers);
        expect(read).toMatchObject({ status: 200, body: { organizationId: organization } });
      }
    }
    expect(Math.max(...(await readTogether()).map(({ organizations }) => organizations))).toBe(2);
  });

  it('are each judged by their own key, whatever becomes of the others', async () => {
    const taken = randomUUID();
    expect((await append(theirs, theirs.organization, taken)).status).toBe(201);
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all([
        append(ours, ours.organization),
        append(ours, theirs.organization),
        append(theirs, theirs.organization),
        append(ours, ours.organization, taken),
        append(theirs, theirs.organization),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([201, 403, 201, 409, 201]);
    }
  });
});
