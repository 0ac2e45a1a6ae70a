import { randomUUID } from 'node:crypto';
import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
/** Every list that has pages, as it is asked. */
let lists: Readonly<Record<string, string>>;
/** The cursor behind the first entry of each. */
const cursors = new Map<string, string>();

beforeAll(async () => {
  service = await openServiceOnTestDatabase();
  const create = async (path: string, body: unknown): Promise<string> =>
    (await service.post(path, body)).headers.get('location')?.split('/').at(-1) ?? '';
  const organizationId = await create('/v1/organizations', { name: 'Acme' });
  await create('/v1/organizations', { name: 'Other' });
  const users = [await create('/v1/users', {}), await create('/v1/users', {})];
  for (const userId of users) await create('/v1/memberships', { userId, organizationId });
  const [userId = ''] = users;
  for (const name of ['one', 'two']) {
    const expiresAt = '2999-01-01T00:00:00.000Z';
    await create('/v1/api-keys', { userId, organizationId, name, scopes: ['read'], expiresAt });
  }
  const event = { eventType: 'order.placed', payload: {}, organizationId, userId, tags: ['order:1'] };
  await service.post('/v1/events', {
    ...{ aggregateType: 'order', aggregateId: randomUUID(), expectedVersion: 0 },
    events: [event, event],
  });
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: service.database.url }));
  await dataSource.query('update users set last_login_at = now()');
  await dataSource.query('update api_keys set last_used_at = now()');
  await closeDataSource(dataSource);
  lists = {
    'get /v1/organizations': '/v1/organizations?status=active',
    'get /v1/organizations/{id}/members': `/v1/organizations/${organizationId}/members?role=member`,
    'get /v1/users': '/v1/users?status=active&role=member',
    'get /v1/users/recently-active': '/v1/users/recently-active?',
    'get /v1/api-keys': `/v1/api-keys?userId=${userId}&status=active`,
    'get /v1/api-keys by organization': `/v1/api-keys?organizationId=${organizationId}&status=active`,
    'get /v1/api-keys by expiry': '/v1/api-keys?expiresBefore=3000-01-01T00:00:00Z',
    'get /v1/api-keys/recently-used': '/v1/api-keys/recently-used?',
    'get /v1/events': '/v1/events?type=order.placed',
    'get /v1/events by organization': `/v1/events?organizationId=${organizationId}`,
    'get /v1/events by user and type': `/v1/events?userId=${userId}&type=order.placed`,
    'get /v1/events by tag': '/v1/events?tag=order:1',
  };
  for (const [name, path] of Object.entries(lists)) {
    const { body } = await service.get(`${path}&limit=1`);
    cursors.set(name, body.nextCursor);
  }
});
afterAll(() => service.close());

const ask = (path: string, cursor: string) => service.get(`${path}&cursor=${encodeURIComponent(cursor)}`);
const close = (value: string) => Buffer.from(value).toString('base64url');
const open = (cursor: string) => Buffer.from(cursor, 'base64url').toString('utf8');

/** The page behind a cursor, or the refusal of the cursor; nothing else. */
async function expectPageOrRefusal(path: string, cursor: string): Promise<void> {
  const { status, body } = await ask(path, cursor);
  if (status === 200) expect(body).toEqual({ items: expect.any(Array), nextCursor: null });
  else
    expect({ cursor, status, type: body.type }).toEqual({
      cursor,
      status: 400,
      type: expect.stringMatching(/^\/problems\/(?:invalid-cursor|validation)$/),
    });
}

it('knows every list of the document that has pages', async () => {
  const { body } = await service.get('/docs/json');
  const paged = Object.entries(
    body.paths as Record<string, Record<string, { parameters?: { name: string }[] }>>,
  )
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
    )
    .filter(({ operation }) => operation.parameters?.some(({ name }) => name === 'cursor'))
    .map(({ name }) => name);
  expect(
    Object.keys(lists)
      .filter((name) => !name.includes(' by '))
      .sort(),
  ).toEqual(paged.sort());
  expect([...cursors.values()].filter((cursor) => typeof cursor !== 'string')).toEqual([]);
});

describe('a cursor', () => {
  it('leads on, unchanged (control)', async () => {
    for (const [name, path] of Object.entries(lists)) {
      const { status, body } = await ask(path, cursors.get(name) ?? '');
      expect({ name, status, isPage: body.items?.length > 0 }).toEqual({ name, status: 200, isPage: true });
    }
  });

  it('of another list is refused', async () => {
    for (const [name, path] of Object.entries(lists)) {
      for (const [other, cursor] of cursors) {
        // Some lists are sorted alike and named apart; the same one may go on under another filter.
        if (open(cursor).split(',')[0] === open(cursors.get(name) ?? '').split(',')[0]) continue;
        const { status, body } = await ask(path, cursor);
        expect({ name, other, status, type: body.type }).toEqual({
          name,
          other,
          status: 400,
          type: '/problems/invalid-cursor',
        });
      }
    }
  });

  it('with a changed character leads to a page of the same list, or is refused', async () => {
    for (const [name, path] of Object.entries(lists)) {
      const cursor = cursors.get(name) ?? '';
      for (let at = 0; at < cursor.length; at += 1) {
        const code = cursor.charCodeAt(at) ^ (1 << (at % 7));
        await expectPageOrRefusal(
          path,
          cursor.slice(0, at) + String.fromCharCode(code) + cursor.slice(at + 1),
        );
      }
    }
  });

  it.each([
    ['longer than any', () => 'A'.repeat(1_001)],
    ['as long as a whole head', () => 'A'.repeat(12_000)],
    ['empty', () => ''],
    ['no JSON', () => close('[')],
    ['another kind of JSON', () => close('{"list":1}')],
    ['nested', () => close(`${'['.repeat(350)}${']'.repeat(350)}`)],
    ['of prototypes', () => close('{"__proto__":["x"]}')],
    ['with a NUL', (cursor: string) => close(open(cursor).replaceAll(/"([^"]*)"\]/g, '"$1\\u0000"]'))],
    ['with half a pair', (cursor: string) => close(open(cursor).replace(/\]$/, ',"\\ud800"]'))],
    ['with more in it', (cursor: string) => close(open(cursor).replace(/\]$/, ',1]'))],
    ['with less in it', (cursor: string) => close(open(cursor).replace(/,[^,]*\]$/, ']'))],
    [
      'with nulls in it',
      (cursor: string) => close(open(cursor).replaceAll(/,(?:"[^"]*"|[^,\]]+)/g, ',null')),
    ],
    [
      'with numbers in it',
      (cursor: string) => close(open(cursor).replaceAll(/,(?:"[^"]*"|[^,\]]+)/g, ',1e400')),
    ],
    [
      'with statements in it',
      (cursor: string) =>
        close(open(cursor).replaceAll(/,(?:"[^"]*"|[^,\]]+)/g, `,"'; drop table users; --"`)),
    ],
    [
      'from before all time',
      (cursor: string) => close(open(cursor).replaceAll(/\d{4}-\d\d-\d\dT/g, '0000-01-01T')),
    ],
    [
      'from after all time',
      (cursor: string) => close(open(cursor).replaceAll(/\d{4}-\d\d-\d\dT/g, '+275760-01-01T')),
    ],
    [
      'beyond all positions',
      (cursor: string) => close(open(cursor).replaceAll(/"\d+"/g, '"99999999999999999999"')),
    ],
  ])('that is %s leads to a page of the same list, or is refused', async (_case, forge) => {
    for (const [name, path] of Object.entries(lists)) {
      await expectPageOrRefusal(path, forge(cursors.get(name) ?? ''));
    }
  });
});
