import { createDataSource, UserRepository } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { openServiceOnTestDatabase } from '../../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

describe('POST /v1/users', () => {
  it('creates and says where', async () => {
    const created = await service.post('/v1/users', {
      email: 'Ada@acme.example',
      firstName: 'Ada',
      role: 'admin',
    });
    expect(created).toMatchObject({
      status: 201,
      body: { email: 'Ada@acme.example', firstName: 'Ada', lastName: null, role: 'admin', status: 'active' },
    });
    expect(await service.get(created.headers.get('location') ?? '')).toMatchObject({ body: created.body });
  });

  it('refuses an e-mail that is taken in another case, without repeating it', async () => {
    await service.post('/v1/users', { email: 'grace@acme.example' });
    const { status, body } = await service.post('/v1/users', { email: 'GRACE@acme.example' });
    expect({ status, errors: body.errors }).toEqual({
      status: 409,
      errors: [{ path: 'body.email', message: 'Taken' }],
    });
    expect(JSON.stringify(body)).not.toMatch(/grace/i);
  });

  it.each(['plain', '@acme.example', 'ada@', 'a b@acme.example'])(
    'refuses the e-mail "%s"',
    async (email) => {
      expect(await service.post('/v1/users', { email })).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'body.email' }] },
      });
    },
  );
});

describe('GET /v1/users', () => {
  it('answers 404 for an id that nothing has', async () => {
    const answer = await service.get('/v1/users/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71');
    expect(answer).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
  });

  it('finds by e-mail in any case, and nothing is an empty list', async () => {
    const { body } = await service.post('/v1/users', { email: 'Mary@acme.example' });
    expect((await service.get('/v1/users?email=mary@ACME.example')).body.items).toEqual([body]);
    expect((await service.get('/v1/users?email=nobody@acme.example')).body).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('finds by first name and the start of the last, in order of last names', async () => {
    for (const lastName of ['Hopper', 'Hamilton', 'Kay']) {
      await service.post('/v1/users', { firstName: 'Margaret', lastName });
    }
    const lastNames = async (query: string) =>
      (await service.get(`/v1/users?${query}`)).body.items.map((user: { lastName: string }) => user.lastName);
    expect(await lastNames('firstName=margaret')).toEqual(['Hamilton', 'Hopper', 'Kay']);
    expect(await lastNames('firstName=margaret&lastNamePrefix=h')).toEqual(['Hamilton', 'Hopper']);
    expect(await lastNames('firstName=margaret&lastNamePrefix=%25')).toEqual([]);
  });

  it('pages by status and role without repeating or skipping', async () => {
    for (let at = 0; at < 5; at += 1) await service.post('/v1/users', { status: 'invited', role: 'service' });
    const first = await service.get('/v1/users?status=invited&role=service&limit=3');
    await service.post('/v1/users', { status: 'invited', role: 'service' });
    const second = await service.get(
      `/v1/users?status=invited&role=service&limit=3&cursor=${first.body.nextCursor}`,
    );
    const ids = [...first.body.items, ...second.body.items].map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
    expect(second.body.nextCursor).toBeNull();
  });

  it.each(['', '?status=active', '?role=admin', '?lastNamePrefix=a', '?email=a@b&role=admin'])(
    'refuses the query "%s"',
    async (query) => {
      expect(await service.get(`/v1/users${query}`)).toMatchObject({ status: 400 });
    },
  );
});

describe('GET /v1/users/recently-active', () => {
  it('lists who has logged in, the latest first', async () => {
    const [early, late] = [await service.post('/v1/users', {}), await service.post('/v1/users', {})];
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: service.database.url }));
    const users = new UserRepository(dataSource.manager);
    await users.recordLogin(late.body.id, new Date('2026-01-02T00:00:00Z'));
    await users.recordLogin(early.body.id, new Date('2026-01-01T00:00:00Z'));
    await closeDataSource(dataSource);

    const first = await service.get('/v1/users/recently-active?limit=1');
    expect(first.body.items).toMatchObject([{ id: late.body.id, lastLoginAt: '2026-01-02T00:00:00.000Z' }]);
    const second = await service.get(`/v1/users/recently-active?limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ id: early.body.id }], nextCursor: null });
  });

  it('refuses a cursor of another list', async () => {
    await service.post('/v1/users', { status: 'suspended' });
    await service.post('/v1/users', { status: 'suspended' });
    const other = await service.get('/v1/users?status=suspended&role=member&limit=1');
    expect(await service.get(`/v1/users/recently-active?cursor=${other.body.nextCursor}`)).toMatchObject({
      status: 400,
      body: { type: '/problems/invalid-cursor' },
    });
  });
});
