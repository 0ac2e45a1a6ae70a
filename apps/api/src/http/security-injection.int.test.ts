import { randomUUID } from 'node:crypto';
import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import { followTail } from '../test/follow-tail';
import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let dataSource: DataSource;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
  dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: service.database.url }));
});
afterAll(async () => {
  await closeDataSource(dataSource);
  await service.close();
});

/** What each of these would do, were it run, can be seen afterwards. */
const EFFECTS = ["pg_notify('pwned', 'x')", 'lo_create(4711)', "set_config('search_path', 'pwned', false)"];
/** Ways out of a text, a number or a name, into a statement. */
const PAYLOADS = [
  ...EFFECTS.flatMap((call) => [
    `'||${call}||'`,
    `' and ${call} is not null --`,
    `"||${call}||"`,
    `\\'||${call}--`,
    `1;select ${call}`,
    `$$||${call}||$$`,
    `E'\\'' || ${call} --`,
  ]),
  "'; drop table users; --",
  "'; create table pwned (); --",
  "x'; copy (select 1) to program 'touch /tmp/pwned'; --",
  "' union select key_hash::text, prefix, null from api_keys --",
  "' or '1'='1",
  '\u02bc or 1=1 --',
  '%27 or 1=1',
  '$1',
  ':name',
  '?',
  '%',
  '_%\\',
  ')',
  '/*',
];

interface Operation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema: Record<string, unknown>;
  }[];
}

/** Every query and path parameter that may be any text, as `GET /v1/users email`, and where it goes. */
const TEXT_PARAMETERS: Readonly<Record<string, (text: string) => string>> = {
  'get /v1/organizations name': (text) => `/v1/organizations?name=${text}`,
  'get /v1/organizations domain': (text) => `/v1/organizations?domain=${text}`,
  'get /v1/organizations externalId': (text) => `/v1/organizations?externalId=${text}`,
  'get /v1/organizations cursor': (text) => `/v1/organizations?status=active&cursor=${text}`,
  'get /v1/organizations/{id}/members cursor': (text) =>
    `/v1/organizations/${randomUUID()}/members?role=member&cursor=${text}`,
  'get /v1/users firstName': (text) => `/v1/users?firstName=${text}`,
  'get /v1/users lastNamePrefix': (text) => `/v1/users?firstName=Ada&lastNamePrefix=${text}`,
  'get /v1/users email': (text) => `/v1/users?email=a@${text}`,
  'get /v1/users externalId': (text) => `/v1/users?externalId=${text}`,
  'get /v1/users cursor': (text) => `/v1/users?status=active&role=member&cursor=${text}`,
  'get /v1/users/recently-active cursor': (text) => `/v1/users/recently-active?cursor=${text}`,
  'get /v1/api-keys cursor': (text) => `/v1/api-keys?userId=${randomUUID()}&status=active&cursor=${text}`,
  'get /v1/api-keys/recently-used cursor': (text) => `/v1/api-keys/recently-used?cursor=${text}`,
  'get /v1/events type': (text) => `/v1/events?type=${text}`,
  'get /v1/events tag': (text) => `/v1/events?tag=${text}&tag=b`,
  'get /v1/events/tail after': (text) => `/v1/events/tail?after=${text}`,
  'get /v1/log after': (text) => `/v1/log?after=${text}`,
  'get /v1/events cursor': (text) => `/v1/events?type=order.placed&cursor=${text}`,
  'get /v1/streams/{aggregateType}/{aggregateId} aggregateType': (text) =>
    `/v1/streams/${text}/${randomUUID()}`,
};

/** Its answer has no end. */
const TAILED = 'get /v1/events/tail type';

/** Texts of bodies: where they go, the rest of the body, and under which name they come back. */
const TEXT_FIELDS: readonly [string, string, (text: string) => Record<string, unknown>][] = [
  ['/v1/organizations', 'name', (name) => ({ name })],
  ['/v1/organizations', 'domain', (domain) => ({ name: 'Acme', domain })],
  ['/v1/organizations', 'externalId', (externalId) => ({ name: 'Acme', externalId })],
  ['/v1/users', 'firstName', (firstName) => ({ firstName })],
  ['/v1/users', 'lastName', (lastName) => ({ lastName })],
  ['/v1/users', 'externalId', (externalId) => ({ externalId })],
];

/** What would differ if anything of a payload had been run. */
async function readTraces(): Promise<unknown> {
  const [row] = await dataSource.query(`
    select
      (select array_agg(oid::regclass::text order by oid) from pg_class where relnamespace = 'public'::regnamespace) as relations,
      (select count(*)::int from pg_largeobject_metadata) as large_objects,
      (select array_agg(rolname::text order by 1) from pg_roles) as roles,
      (select count(*)::int from pg_stat_activity where query ~ '^\\s*(copy|drop|create|union)' and datname = current_database()) as odd_statements
  `);
  return row;
}

it('looks at every parameter of the document that may be any text', async () => {
  const { body } = await service.get('/docs/json');
  const isText = ({ type, enum: values, format, anyOf }: Record<string, unknown>): boolean =>
    (Array.isArray(anyOf) && anyOf.some(isText)) ||
    (type === 'string' && values === undefined && format === undefined);
  const names = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
        parameters
          .filter((parameter) => parameter.in !== 'header' && isText(parameter.schema))
          .map(({ name }) => `${method} ${path} ${name}`),
      ),
  );
  expect(names.sort()).toEqual([...Object.keys(TEXT_PARAMETERS), TAILED].sort());
});

describe('a text that would be a statement', () => {
  const heard: unknown[] = [];
  let before: unknown;
  let runner: ReturnType<DataSource['createQueryRunner']>;
  beforeAll(async () => {
    runner = dataSource.createQueryRunner();
    const client = await runner.connect();
    client.on('notification', (message: unknown) => heard.push(message));
    await runner.query('listen pwned');
    await service.post('/v1/users', { firstName: 'Ada', lastName: 'King', email: 'a@acme.example' });
    before = await readTraces();
  });
  afterAll(async () => {
    await runner.query('unlisten *');
    await runner.release();
  });
  const expectNothingRun = async () => {
    await runner.query('select 1');
    expect(heard).toEqual([]);
    expect(await readTraces()).toEqual(before);
  };

  it('would be seen, were it run (control)', async () => {
    await runner.query("select pg_notify('pwned', 'control')");
    while (heard.length === 0) await runner.query('select 1');
    expect(heard.splice(0)).toHaveLength(1);
  });

  it.each(Object.keys(TEXT_PARAMETERS))('finds nothing, or is refused, as %s', async (name) => {
    for (const payload of PAYLOADS) {
      const path = TEXT_PARAMETERS[name]?.(encodeURIComponent(payload)) ?? '';
      const { status, body } = await service.get(path);
      if (status === 200) expect({ payload, items: body.items }).toEqual({ payload, items: [] });
      else expect({ payload, status }).toEqual({ payload, status: 400 });
    }
    await expectNothingRun();
  });

  it('finds nothing as a type to follow', async () => {
    for (const payload of PAYLOADS) {
      const tail = await followTail(`${service.url}/v1/events/tail?type=${encodeURIComponent(payload)}`);
      expect({ payload, status: tail.status, messages: tail.messages }).toEqual({
        payload,
        status: 200,
        messages: [],
      });
      tail.close();
    }
    await expectNothingRun();
  });

  it.each(TEXT_FIELDS)('comes back as it was from %s, as %s', async (path, field, bodyOf) => {
    for (const payload of PAYLOADS) {
      const unique = `${payload} ${randomUUID()}`;
      const created = await service.post(path, bodyOf(unique));
      expect(created).toMatchObject({ status: 201, body: { [field]: unique } });
      const at = created.headers.get('location') ?? '';
      const changed = await service.patch(at, { [field]: `${unique}!` }, { 'if-match': '*' });
      expect(changed).toMatchObject({ status: 200, body: { [field]: `${unique}!` } });
      expect((await service.get(at)).body[field]).toBe(`${unique}!`);
    }
    await expectNothingRun();
  });

  it('comes back as it was from an API key', async () => {
    const { body: user } = await service.post('/v1/users', {});
    for (const name of PAYLOADS) {
      const created = await service.post('/v1/api-keys', { userId: user.id, name, scopes: ['read'] });
      expect(created).toMatchObject({ status: 201, body: { name } });
    }
    await expectNothingRun();
  });

  it('comes back as it was from an event, and is found by it', async () => {
    for (const text of PAYLOADS) {
      const aggregateId = randomUUID();
      const event = { eventType: text, tags: [text], idempotencyKey: text, payload: { [text]: [text] } };
      const appended = await service.post(
        '/v1/events',
        { aggregateType: text, aggregateId, expectedVersion: 0, events: [event] },
        { 'idempotency-key': randomUUID() },
      );
      expect({ text, status: appended.status }).toEqual({ text, status: 201 });
      const type = encodeURIComponent(text);
      const { body: stream } = await service.get(`/v1/streams/${type}/${aggregateId}`);
      expect(stream.items).toMatchObject([{ ...event, aggregateType: text }]);
      for (const query of [`type=${type}`, `tag=${type}`]) {
        const { body: found } = await service.get(`/v1/events?${query}`);
        expect(found.items).toMatchObject([{ aggregateId }]);
      }
    }
    await expectNothingRun();
  });

  it('is refused as an id, in every path that has one', async () => {
    const { body } = await service.get('/docs/json');
    const paths = Object.keys(body.paths).filter((path) => /\{(?:id|aggregateId)\}/.test(path));
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) {
      for (const payload of PAYLOADS.slice(0, 8)) {
        const target = path
          .replace('{aggregateType}', 'order')
          .replaceAll(/\{\w+\}/g, encodeURIComponent(payload));
        const methods = Object.keys(body.paths[path]);
        for (const method of methods) {
          const { status } = await service.send(target, {
            method: method.toUpperCase(),
            headers: { 'if-match': '*', 'content-type': 'application/json' },
            ...(method === 'get' ? {} : { body: '{}' }),
          });
          expect({ method, target, status }).toEqual({ method, target, status: 400 });
        }
      }
    }
    await expectNothingRun();
  });

  it.each(['idempotency-key', 'if-match', 'request-timeout', 'x-request-id'])(
    'does nothing as the header %s',
    async (header) => {
      for (const payload of PAYLOADS.filter((text) => /^[\x20-\x7e]+$/.test(text))) {
        const { status } = await service.post('/v1/users', {}, { [header]: payload });
        expect([201, 400]).toContain(status);
      }
      await expectNothingRun();
    },
  );
});
