import { openServiceOnTestDatabase } from '../../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

describe('POST /v1/organizations', () => {
  it('creates and says where', async () => {
    const created = await service.post('/v1/organizations', { name: 'Acme', domain: 'acme.example' });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(String),
      externalId: null,
      name: 'Acme',
      domain: 'acme.example',
      status: 'active',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updatedAt: expect.any(String),
    });
    const read = await service.get(created.headers.get('location') ?? '');
    expect(read).toMatchObject({ status: 200, body: created.body });
  });

  it('refuses a taken domain in any case, and names the field', async () => {
    await service.post('/v1/organizations', { name: 'One', domain: 'one.example' });
    const second = await service.post('/v1/organizations', { name: 'Two', domain: 'ONE.example' });
    expect(second).toMatchObject({
      status: 409,
      body: { type: '/problems/already-exists', errors: [{ path: 'body.domain' }] },
    });
  });

  it('refuses a text the database cannot store', async () => {
    const answer = await service.post('/v1/organizations', { name: 'nul \u0000' });
    expect(answer).toMatchObject({ status: 400, body: { type: '/problems/text-not-storable' } });
  });

  it.each([
    [{}, 'body.name'],
    [{ name: '' }, 'body.name'],
    [{ name: 'x'.repeat(201) }, 'body.name'],
    [{ name: 'half \ud800' }, 'body.name'],
    [{ name: 'A', status: 'gone' }, 'body.status'],
    [{ name: 'A', owner: 'nobody' }, 'body'],
    [[], 'body'],
  ])('refuses %j', async (body, path) => {
    const answer = await service.post('/v1/organizations', body);
    expect(answer).toMatchObject({ status: 400, body: { type: '/problems/validation', errors: [{ path }] } });
  });
});

describe('GET /v1/organizations/:id', () => {
  it('answers 404 for an id that nothing has, and 400 for what is no id', async () => {
    const unknown = await service.get('/v1/organizations/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71');
    expect(unknown).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    const malformed = await service.get('/v1/organizations/42');
    expect(malformed).toMatchObject({ status: 400, body: { errors: [{ path: 'path.id' }] } });
  });
});

describe('GET /v1/organizations', () => {
  it('pages by status, newest first, while others are inserted between the pages', async () => {
    const create = (at: number) =>
      service.post('/v1/organizations', { name: `Archived ${at}`, status: 'archived' });
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.unshift((await create(at)).body.id);

    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await service.get(
        `/v1/organizations?status=archived&limit=2${cursor && `&cursor=${cursor}`}`,
      );
      expect(page.status).toBe(200);
      seen.push(...page.body.items.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor ?? '';
      await create(9);
    } while (cursor !== '');
    expect(seen).toEqual(ids);
  });

  it('finds by part of the name and by domain, without regard to case', async () => {
    const { body } = await service.post('/v1/organizations', {
      name: 'Zephyr Works',
      domain: 'zephyr.example',
    });
    for (const query of ['name=EPHYR', 'domain=Zephyr.Example']) {
      const answer = await service.get(`/v1/organizations?${query}`);
      expect(answer.body).toEqual({ items: [body], nextCursor: null });
    }
  });

  it('finds by external id', async () => {
    const { body } = await service.post('/v1/organizations', { name: 'Copied', externalId: 'crm:1042' });
    const answer = await service.get('/v1/organizations?externalId=crm:1042');
    expect(answer.body.items).toEqual([body]);
  });

  it.each(['', '?name=a&domain=b', '?limit=5', '?domain=a&limit=5', '?status=active&sort=name'])(
    'refuses the query "%s"',
    async (query) => {
      const answer = await service.get(`/v1/organizations${query}`);
      expect(answer).toMatchObject({ status: 400, body: { type: '/problems/validation' } });
    },
  );

  it('says which queries are allowed', async () => {
    const { body } = await service.get('/v1/organizations');
    expect(body.errors).toEqual([
      {
        path: 'query',
        message:
          'Invalid combination: allowed is one of ?status=[&limit=][&cursor=]; ?name=[&limit=]; ?domain=; ?externalId=',
      },
    ]);
  });

  it.each(['0', '501', '1.5', 'many', ''])('refuses the limit "%s"', async (limit) => {
    const answer = await service.get(`/v1/organizations?status=active&limit=${limit}`);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'query.limit' }] } });
  });

  it('refuses a cursor it did not give', async () => {
    const answer = await service.get('/v1/organizations?status=active&cursor=abc');
    expect(answer).toMatchObject({ status: 400, body: { type: '/problems/invalid-cursor' } });
  });
});
