import { openServiceOnTestDatabase } from '../../test/test-service';

const NOBODY = '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let organizationId: string;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
  organizationId = (await service.post('/v1/organizations', { name: 'Acme' })).body.id;
});
afterAll(() => service.close());

const createUserId = async (): Promise<string> => (await service.post('/v1/users', {})).body.id;

describe('POST /v1/memberships', () => {
  it('creates and says where', async () => {
    const userId = await createUserId();
    const created = await service.post('/v1/memberships', { userId, organizationId });
    expect(created).toMatchObject({
      status: 201,
      body: { userId, organizationId, role: 'member', status: 'active' },
    });
    expect(await service.get(created.headers.get('location') ?? '')).toMatchObject({ body: created.body });
  });

  it('refuses the second one of a pair', async () => {
    const userId = await createUserId();
    await service.post('/v1/memberships', { userId, organizationId });
    const second = await service.post('/v1/memberships', { userId, organizationId, role: 'admin' });
    expect(second).toMatchObject({ status: 409, body: { type: '/problems/already-exists' } });
  });

  it('says which reference is missing', async () => {
    const noUser = await service.post('/v1/memberships', { userId: NOBODY, organizationId });
    expect(noUser).toMatchObject({
      status: 422,
      body: { type: '/problems/reference-missing', errors: [{ path: 'body.userId' }] },
    });
    const userId = await createUserId();
    const noOrganization = await service.post('/v1/memberships', { userId, organizationId: NOBODY });
    expect(noOrganization).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'body.organizationId' }] },
    });
  });

  it('refuses what is no id', async () => {
    expect(await service.post('/v1/memberships', { userId: 1, organizationId: 'x' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'body.userId' }, { path: 'body.organizationId' }] },
    });
  });
});

describe('lists of memberships', () => {
  it('says where a user belongs', async () => {
    const userId = await createUserId();
    await service.post('/v1/memberships', { userId, organizationId, role: 'owner', status: 'pending' });
    expect((await service.get(`/v1/users/${userId}/organizations`)).body).toEqual({
      items: [{ organizationId, role: 'owner', status: 'pending' }],
      nextCursor: null,
    });
  });

  it('pages through the members of an organization in one role, in the order they joined', async () => {
    const { body: organization } = await service.post('/v1/organizations', { name: 'Paged' });
    const ids: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      const membership = { userId: await createUserId(), organizationId: organization.id, role: 'admin' };
      ids.push((await service.post('/v1/memberships', membership)).body.id);
    }
    const path = `/v1/organizations/${organization.id}/members?role=admin&limit=2`;
    const first = await service.get(path);
    const second = await service.get(`${path}&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items].map(({ id }) => id)).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
    const owners = await service.get(`/v1/organizations/${organization.id}/members?role=owner`);
    expect(owners).toMatchObject({ status: 200, body: { items: [] } });
  });

  it('tells nobody from an empty list', async () => {
    expect(await service.get(`/v1/users/${await createUserId()}/organizations`)).toMatchObject({
      status: 200,
      body: { items: [] },
    });
    expect(await service.get(`/v1/users/${NOBODY}/organizations`)).toMatchObject({ status: 404 });
    expect(await service.get(`/v1/organizations/${NOBODY}/members?role=owner`)).toMatchObject({
      status: 404,
    });
    expect(await service.get(`/v1/memberships/${NOBODY}`)).toMatchObject({ status: 404 });
  });

  it('finds the one of a user in an organization, whatever its status', async () => {
    const userId = await createUserId();
    const question = `/v1/memberships?userId=${userId}&organizationId=${organizationId}`;
    expect(await service.get(question)).toMatchObject({ status: 200, body: { items: [], nextCursor: null } });
    const { body } = await service.post('/v1/memberships', { userId, organizationId, status: 'removed' });
    expect((await service.get(question)).body).toEqual({ items: [body], nextCursor: null });
    expect(await service.get(`/v1/memberships?userId=${userId}`)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'query.organizationId' }] },
    });
  });

  it('refuses a list of members without a role', async () => {
    expect(await service.get(`/v1/organizations/${organizationId}/members`)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'query.role' }] },
    });
  });
});
