import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

/** Posts bytes as they are. */
const postRaw = (body: string, contentType = 'application/json') =>
  service.send('/v1/organizations', { method: 'POST', body, headers: { 'content-type': contentType } });

describe('a refusal', () => {
  it('is a problem that names the request', async () => {
    const { status, headers, body } = await service.get('/v1/users?email=x&secret=y', {
      'x-request-id': 'r-42',
    });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ instance: '/v1/users', requestId: 'r-42', status: 400 });
    expect(JSON.stringify(body)).not.toContain('secret=y');
  });

  it.each([
    ['{"name":', 400, 'malformed-json'],
    ['', 400, 'malformed-json'],
    ['{"__proto__":', 400, 'malformed-json'],
    ['null', 400, 'validation'],
    ['"text"', 400, 'validation'],
  ])('answers the body %j with %d %s', async (body, status, kind) => {
    expect(await postRaw(body)).toMatchObject({ status, body: { type: `/problems/${kind}` } });
  });

  it.each(['{"name":{"__proto__":1}}', '\uFEFF{"constructor":{"prototype":{}}}'])(
    'says of %j that its keys are forbidden',
    async (body) => {
      expect(await postRaw(body)).toMatchObject({
        status: 400,
        body: { type: '/problems/validation', detail: expect.stringContaining('__proto__') },
      });
    },
  );

  it('answers a body beyond 1 MiB with 413', async () => {
    const answer = await postRaw(JSON.stringify({ name: 'x'.repeat(1024 * 1024) }));
    expect(answer).toMatchObject({ status: 413, body: { type: '/problems/body-too-large' } });
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])(
    'answers a body of type %s with 415',
    async (contentType) => {
      expect(await postRaw('name=x', contentType)).toMatchObject({
        status: 415,
        body: { type: '/problems/unsupported-media-type' },
      });
    },
  );

  it.each([
    ['GET', '/v1/nothing', 404, 'unknown-route'],
    ['DELETE', '/v1/users', 404, 'unknown-route'],
    ['GET', '/v1/users/%zz', 400, 'malformed-request'],
  ])('answers %s %s with %d %s', async (method, path, status, kind) => {
    const answer = await service.send(path, { method, headers: { 'x-request-id': 'r-7' } });
    expect(answer).toMatchObject({
      status,
      body: { type: `/problems/${kind}`, instance: path, requestId: 'r-7' },
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-request-id')).toBe('r-7');
  });

  it('answers what is no HTTP as a problem too', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.end('nonsense\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      type: '/problems/malformed-request',
    });
  });

  it('keeps what went wrong inside, and logs it', async () => {
    const { database } = service;
    const { createDataSource } = await import('@holdfast/db');
    const { closeDataSource, openDataSource } = await import('@holdfast/postgres');
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: database.url }));
    await dataSource.query('alter table users rename to users_gone');
    try {
      const { status, body } = await service.get('/v1/users?email=ada@acme.example', {
        'x-request-id': 'r-500',
      });
      expect(status).toBe(500);
      expect(body).toEqual({
        type: '/problems/internal',
        title: 'The service failed',
        status: 500,
        detail: 'Something went wrong here. The request id names it in the logs.',
        instance: '/v1/users',
        requestId: 'r-500',
      });
      const line = service.readLog().find(({ message }) => message === 'Request failed');
      expect(line).toMatchObject({ level: 'error', requestId: 'r-500', error: { code: '42P01' } });
      expect(JSON.stringify(line)).not.toMatch(/ada@|select/i);
    } finally {
      await dataSource.query('alter table users_gone rename to users');
      await closeDataSource(dataSource);
    }
  });
});

describe('a request', () => {
  it('keeps a valid id, in the header and in its log line, also after a body', async () => {
    const { headers } = await service.send('/v1/organizations', {
      method: 'POST',
      body: '{"name":"Logged"}',
      headers: { 'content-type': 'application/json', 'x-request-id': 'trace:7.a_b-c' },
    });
    expect(headers.get('x-request-id')).toBe('trace:7.a_b-c');
    const line = service.readLog().find(({ requestId }) => requestId === 'trace:7.a_b-c');
    expect(line).toEqual({
      timestamp: expect.any(String),
      level: 'info',
      message: 'Request answered',
      service: 'holdfast-api',
      requestId: 'trace:7.a_b-c',
      method: 'POST',
      route: '/v1/organizations',
      status: 201,
      durationMs: expect.any(Number),
    });
  });

  it.each(['a b', 'x'.repeat(129), '<script>'])('gets a new id for "%s"', async (id) => {
    const { headers } = await service.get('/livez', { 'x-request-id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is logged by its route, never by its path', async () => {
    await service.get('/v1/users/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71', { 'x-request-id': 'by-route' });
    await service.get('/v1/users?email=ada@acme.example', { 'x-request-id': 'by-query' });
    await service.get('/no/such/route', { 'x-request-id': 'no-route' });
    const routeOf = (id: string) => service.readLog().find(({ requestId }) => requestId === id)?.route;
    expect([routeOf('by-route'), routeOf('by-query'), routeOf('no-route')]).toEqual([
      '/v1/users/:id',
      '/v1/users',
      'none',
    ]);
    expect(JSON.stringify(service.readLog())).not.toContain('ada@acme.example');
  });

  it('for health or metrics leaves no line', async () => {
    for (const path of ['/livez', '/readyz', '/metrics'])
      await service.get(path, { 'x-request-id': 'silent' });
    await service.get('/v1/nothing', { 'x-request-id': 'loud' });
    const ids = service.readLog().map(({ requestId }) => requestId);
    expect(ids).toContain('loud');
    expect(ids).not.toContain('silent');
  });
});

describe('GET /metrics', () => {
  it('counts requests by route, and reads the pool', async () => {
    await service.get('/v1/users/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71');
    const { headers, body } = await service.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(body).toMatch(
      /^http_server_request_duration_seconds_count\{method="GET",route="\/v1\/users\/:id",status="404"\} [1-9]/m,
    );
    expect(body).toContain('db_client_connection_max{db_client_connection_pool_name="primary"} 3');
    expect(body).toMatch(
      /^db_client_connection_count\{db_client_connection_pool_name="primary",db_client_connection_state="idle"\} [1-9]/m,
    );
  });
});
