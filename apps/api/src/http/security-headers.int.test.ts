import { AUTHORIZATION, CREATE, listStatuses, openSocket, renderLines, sendBytes } from '../test/raw-http';
import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

const BODY = '{"name":"Raw"}';
/** One organization, by bytes. */
const create = (...headers: string[]) =>
  sendBytes(service.url, renderLines([...CREATE, ...headers, 'connection: close'], BODY));

async function countOrganizations(name: string): Promise<number> {
  const { body } = await service.get(`/v1/organizations?name=${name}&limit=500`);
  return body.items.length;
}

describe('what a client says reaches no header of the answer', () => {
  it('as a line of its own', async () => {
    const aggregateType = 'a\r\nset-cookie: stolen=1\r\n\r\n<html>';
    const { status, headers } = await service.post('/v1/events', {
      aggregateType,
      aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
      expectedVersion: 0,
      events: [{ eventType: 'x', payload: {} }],
    });
    expect(status).toBe(201);
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('location')).toMatch(/^\/v1\/streams\/a%0D%0Aset-cookie/);
  });

  it('as the host of a link', async () => {
    const said = await sendBytes(
      service.url,
      renderLines(
        [
          ...CREATE.with(1, 'host: evil.example'),
          'x-forwarded-host: evil.example',
          'x-forwarded-proto: https',
          'forwarded: host=evil.example',
          `content-length: ${BODY.length}`,
          'connection: close',
        ],
        BODY,
      ),
    );
    expect(listStatuses(said)).toEqual([201]);
    expect(said).toMatch(/^location: \/v1\/organizations\/[0-9a-f-]{36}\r$/m);
    expect(said).not.toContain('evil.example');
    const docs = await sendBytes(
      service.url,
      renderLines(['GET /docs/json HTTP/1.1', 'host: evil.example', 'connection: close']),
    );
    expect(docs).not.toContain('evil.example');
  });
});

describe('a header that comes twice', () => {
  it.each(['if-match', 'idempotency-key', 'request-timeout', 'content-type'])(
    'is refused, or one of both is meant: %s',
    async (name) => {
      const said = await create(`${name}: "1"`, `${name}: "2"`, `content-length: ${BODY.length}`);
      expect([201, 400, 415]).toContain(listStatuses(said)[0]);
      expect(listStatuses(said)).toHaveLength(1);
    },
  );

  it('ends the connection where it decides how long the request is', async () => {
    const said = await create('content-length: 14', 'content-length: 15');
    expect(listStatuses(said)).toEqual([400]);
  });

  it.each([
    ['two', ['host: x', 'host: y']],
    ['the same twice', ['host: x', 'Host: x']],
    ['none', []],
  ])('is refused as a problem where it names the host: %s', async (_case, hosts) => {
    const said = await sendBytes(
      service.url,
      renderLines(['GET /v1/organizations?status=active HTTP/1.1', ...hosts, 'connection: close']),
    );
    expect(listStatuses(said)).toEqual([400]);
    expect(said).toContain('"/problems/malformed-request"');
  });
});

describe('a header that would change the request', () => {
  it.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    'does not make another method of it: %s',
    async (name) => {
      const { body: user } = await service.post('/v1/users', {});
      const { body: organization } = await service.post('/v1/organizations', { name: 'Acme' });
      const created = await service.post('/v1/memberships', {
        userId: user.id,
        organizationId: organization.id,
      });
      const path = created.headers.get('location') ?? '';
      await service.get(`${path}?_method=DELETE`, { [name]: 'DELETE', 'if-match': '*' });
      expect((await service.get(path, { [name]: 'DELETE' })).status).toBe(200);
    },
  );

  it.each(['x-original-url: /livez', 'x-rewrite-url: /livez'])(
    'does not make another path of it: %s',
    async (line) => {
      const said = await sendBytes(
        service.url,
        renderLines(['GET /v1/nothing HTTP/1.1', 'host: x', line, 'connection: close']),
      );
      expect(listStatuses(said)).toEqual([404]);
    },
  );

  it('is not taken away by being called one of the connection', async () => {
    const { body: organization, headers } = await service.post('/v1/organizations', { name: 'Hop' });
    const path = headers.get('location') ?? '';
    const change = '{"name":"Hopped"}';
    const said = await sendBytes(
      service.url,
      renderLines(
        [
          `PATCH ${path} HTTP/1.1`,
          'host: x',
          AUTHORIZATION,
          'content-type: application/json',
          `content-length: ${change.length}`,
          'if-match: "999"',
          'connection: close, if-match',
        ],
        change,
      ),
    );
    expect(listStatuses(said)).toEqual([412]);
    expect((await service.get(path)).body.name).toBe(organization.name);
  });

  it('says no address but that of the connection', async () => {
    await service.get('/v1/nothing', { 'x-forwarded-for': '203.0.113.99', 'x-request-id': 'forwarded' });
    const lines = service.readLog().filter(({ requestId }) => requestId === 'forwarded');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('203.0.113.99');
  });
});

describe('a request within a request', () => {
  const HIDDEN = renderLines([...CREATE, 'content-length: 19'], '{"name":"Smuggled"}');
  const CHUNKED = '0\r\n\r\n';

  it.each([
    ['a length and chunks', ['content-length: 5', 'transfer-encoding: chunked']],
    ['chunks and a length', ['transfer-encoding: chunked', 'content-length: 5']],
    ['two codings', ['transfer-encoding: chunked', 'transfer-encoding: identity']],
    ['a coding that is none', ['transfer-encoding: xchunked']],
    ['a coding behind a control character', ['transfer-encoding: \x0bchunked']],
    ['a space before the colon', ['transfer-encoding : chunked']],
    ['a folded header', ['transfer-encoding:', ' chunked', 'content-length: 5']],
    ['a length with a sign', ['content-length: +5']],
    ['a length in a list', ['content-length: 5, 5']],
    ['a line feed alone', ['a: b\ncontent-length: 5', 'transfer-encoding: chunked']],
  ])('is not answered behind %s', async (_case, headers) => {
    const said = await sendBytes(service.url, renderLines([...CREATE, ...headers], CHUNKED + HIDDEN));
    expect(listStatuses(said)).toEqual([400]);
    expect(said).toMatch(/^connection: close\r$/m);
    expect(await countOrganizations('Smuggled')).toBe(0);
  });

  it('is answered where it is one of its own (control)', async () => {
    const last = HIDDEN.replace('Smuggled', 'Followed').replace('host: x', 'host: x\r\nconnection: close');
    const first = renderLines([...CREATE, `content-length: ${BODY.length}`], BODY);
    expect(listStatuses(await sendBytes(service.url, first + last))).toEqual([201, 201]);
    expect(await countOrganizations('Followed')).toBe(1);
  });
});

describe('an expectation', () => {
  it('that is not met is refused as a problem', async () => {
    const said = await create('expect: 200-ok', `content-length: ${BODY.length}`);
    expect(listStatuses(said)).toEqual([417]);
    expect(said).toMatch(/^content-type: application\/problem\+json\r$/im);
    expect(JSON.parse(said.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      type: '/problems/malformed-request',
      status: 417,
    });
  });

  it('to be told to continue is met before the body comes', async () => {
    const socket = await openSocket(service.url);
    let said = '';
    socket.setEncoding('latin1').on('data', (part) => {
      said += part;
    });
    socket.write(
      renderLines([...CREATE, 'expect: 100-continue', `content-length: ${BODY.length}`, 'connection: close']),
    );
    while (!said.includes('100 Continue')) await new Promise((resolve) => socket.once('data', resolve));
    socket.write(BODY);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(listStatuses(said)).toEqual([100, 201]);
  });
});

describe('a page of another site', () => {
  it('may read nothing, whatever it says of itself', async () => {
    for (const origin of ['https://evil.example', 'null', service.url]) {
      const read = await service.get('/v1/organizations?status=active', { origin });
      const asked = await service.send('/v1/organizations', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(asked.status).toBe(404);
      for (const { headers } of [read, asked]) {
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
    }
  });

  it('may send no form, whose media types browsers ask nobody about', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const { status } = await service.send('/v1/organizations', {
        method: 'POST',
        body: BODY,
        headers: { 'content-type': type },
      });
      expect(status).toBe(415);
    }
  });

  it.each(['/docs/', '/docs/static/swagger-ui.css', '/console', '/console/console.mjs'])(
    'may show %s in no frame, and a browser guesses no type of it',
    async (path) => {
      const { status, headers } = await service.get(path);
      expect(status).toBe(200);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/frame-ancestors '(?:none|self)'/);
      expect(policy).toMatch(/default-src '(?:none|self)'/);
      expect(policy).not.toMatch(/script-src[^;]*'unsafe|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    },
  );
});
