import { randomUUID } from 'node:crypto';
import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

/** Creates something of each kind. @returns path, tag and a change */
const KINDS: readonly [string, () => Promise<string>, Record<string, unknown>][] = [
  [
    'an organization',
    () => create('/v1/organizations', { name: 'Acme' }),
    { name: 'Acme & Co', status: 'suspended' },
  ],
  ['a user', () => create('/v1/users', { firstName: 'Ada' }), { lastName: 'King', role: 'owner' }],
  ['a membership', createMembership, { role: 'admin', status: 'suspended' }],
  ['an API key', createKey, { name: 'renamed', scopes: ['read'], expiresAt: '2999-01-01T00:00:00.000Z' }],
];

async function create(path: string, body: unknown): Promise<string> {
  const { status, headers } = await service.post(path, body);
  expect(status).toBe(201);
  return headers.get('location') ?? '';
}

const idOf = (location: string) => location.split('/').at(-1) ?? '';

async function createMembership(): Promise<string> {
  const userId = idOf(await create('/v1/users', {}));
  const organizationId = idOf(await create('/v1/organizations', { name: 'Acme' }));
  return create('/v1/memberships', { userId, organizationId });
}

async function createKey(): Promise<string> {
  const userId = idOf(await create('/v1/users', {}));
  return create('/v1/api-keys', { userId, name: 'test', scopes: ['write'] });
}

const remove = (path: string, headers: Record<string, string> = {}) =>
  service.send(path, { method: 'DELETE', headers });

describe.each(KINDS)('a change of %s', (_kind, createOne, change) => {
  it('is done for the version that was read, and tagged anew', async () => {
    const path = await createOne();
    const read = await service.get(path);
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    const changed = await service.patch(path, change, { 'if-match': etag });
    expect(changed).toMatchObject({ status: 200, body: change });
    expect(changed.headers.get('etag')).not.toBe(etag);
    expect(Date.parse(changed.body.updatedAt)).toBeGreaterThanOrEqual(Date.parse(read.body.updatedAt));
    const again = await service.get(path);
    expect(again.body).toEqual(changed.body);
    expect(again.headers.get('etag')).toBe(changed.headers.get('etag'));
    // What was not named has stayed.
    const stayed = Object.keys(read.body).filter((name) => !(name in change) && name !== 'updatedAt');
    for (const name of stayed) expect(changed.body[name]).toEqual(read.body[name]);
  });

  it('is refused with 428 without a version, with 412 for one that has moved on, and then nothing is changed', async () => {
    const path = await createOne();
    const etag = (await service.get(path)).headers.get('etag') ?? '';
    expect(await service.patch(path, change)).toMatchObject({
      status: 428,
      body: { type: '/problems/precondition-required' },
    });
    const changed = await service.patch(path, change, { 'if-match': etag });
    for (const ifMatch of [etag, '"no-tag-of-ours"', `W/${changed.headers.get('etag')}`]) {
      expect(await service.patch(path, change, { 'if-match': ifMatch })).toMatchObject({
        status: 412,
        body: { type: '/problems/precondition-failed' },
      });
    }
    expect((await service.get(path)).body).toEqual(changed.body);
  });

  it('is done for any version with *, and for one of several', async () => {
    const path = await createOne();
    const any = await service.patch(path, change, { 'if-match': '*' });
    expect(any.status).toBe(200);
    const list = `"999", ${any.headers.get('etag')}`;
    expect((await service.patch(path, change, { 'if-match': list })).status).toBe(200);
  });

  it('is done for one of many that saw the same version', async () => {
    const path = await createOne();
    const etag = (await service.get(path)).headers.get('etag') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => service.patch(path, change, { 'if-match': etag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(412)]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await service.get(path)).body).toEqual(winner?.body);
  });

  it('gets another tag each time, also within a millisecond and back to the same values', async () => {
    const path = await createOne();
    const tags = await Promise.all(
      Array.from({ length: 10 }, () => service.patch(path, change, { 'if-match': '*' })),
    );
    expect(new Set(tags.map(({ headers }) => headers.get('etag'))).size).toBe(10);
  });

  it('answers 404 for an id that nothing has', async () => {
    const path = (await createOne()).replace(/[^/]+$/, randomUUID());
    for (const ifMatch of ['*', '"1"']) {
      expect(await service.patch(path, change, { 'if-match': ifMatch })).toMatchObject({ status: 404 });
    }
  });

  it.each([
    ['nothing', {}],
    ['what there is not', { colour: 'red' }],
    ['an id', { id: randomUUID() }],
  ])('is refused when it names %s', async (_name, body) => {
    const path = await createOne();
    expect(await service.patch(path, body, { 'if-match': '*' })).toMatchObject({ status: 400 });
  });
});

describe('a tag that a client has', () => {
  it.each(KINDS.map(([kind, createOne]) => [kind, createOne] as const))(
    'spares it the answer about %s, until that changes',
    async (_kind, createOne) => {
      const path = await createOne();
      const etag = (await service.get(path)).headers.get('etag') ?? '';
      for (const known of [etag, '*', `"other", W/${etag}`]) {
        const answer = await service.get(path, { 'if-none-match': known });
        expect(answer).toMatchObject({ status: 304, body: '' });
        expect(answer.headers.get('etag')).toBe(etag);
      }
      expect((await service.get(path, { 'if-none-match': '"other"' })).status).toBe(200);
      const change = KINDS.find(([, one]) => one === createOne)?.[2];
      await service.patch(path, change, { 'if-match': etag });
      expect((await service.get(path, { 'if-none-match': etag })).status).toBe(200);
    },
  );

  it('stands in the answer to a creation', async () => {
    const { headers } = await service.post('/v1/organizations', { name: 'Tagged' });
    const known = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await service.get(headers.get('location') ?? '', known)).status).toBe(304);
  });

  it.each(['W/1', '1', '"1" "2"', '"1",', ''])('is refused where it is none: %s', async (tag) => {
    const path = await create('/v1/organizations', { name: 'Acme' });
    const answer = await service.patch(path, { name: 'A' }, { 'if-match': tag });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'headers.if-match' }] } });
  });
});

describe('the end of a membership', () => {
  it('needs the version that was read, and comes once', async () => {
    const path = await createMembership();
    const etag = (await service.get(path)).headers.get('etag') ?? '';
    expect((await remove(path)).status).toBe(428);
    await service.patch(path, { role: 'owner' }, { 'if-match': etag });
    expect((await remove(path, { 'if-match': etag })).status).toBe(412);
    const now = (await service.get(path)).headers.get('etag') ?? '';
    const answers = await Promise.all(Array.from({ length: 5 }, () => remove(path, { 'if-match': now })));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
    expect((await service.get(path)).status).toBe(404);
  });
});

it('refuses a change to a value that is taken, and names the field', async () => {
  await create('/v1/users', { email: 'taken@acme.example' });
  const path = await create('/v1/users', {});
  const answer = await service.patch(path, { email: 'TAKEN@acme.example' }, { 'if-match': '*' });
  expect(answer).toMatchObject({ status: 409, body: { errors: [{ path: 'body.email' }] } });
});

it('clears what is null', async () => {
  const path = await create('/v1/organizations', { name: 'Acme', domain: 'clear.example' });
  const answer = await service.patch(path, { domain: null }, { 'if-match': '*' });
  expect(answer).toMatchObject({ status: 200, body: { name: 'Acme', domain: null } });
});
