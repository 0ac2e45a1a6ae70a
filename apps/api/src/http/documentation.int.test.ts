import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Record<
    string,
    { content?: Record<string, unknown>; headers?: Record<string, unknown> }
  >;
}

/** Every operation of the document, with its method and path. */
async function readOperations(): Promise<[string, Operation][]> {
  const { body } = await service.get('/docs/json');
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(
      ([method, operation]) => [`${method} ${path}`, operation] as [string, Operation],
    ),
  );
}

describe('the OpenAPI document', () => {
  it('lists every route of the service, and no other', async () => {
    expect((await readOperations()).map(([name]) => name).sort()).toEqual([
      'delete /v1/memberships/{id}',
      'get /livez',
      'get /metrics',
      'get /readyz',
      'get /v1/api-keys',
      'get /v1/api-keys/recently-used',
      'get /v1/api-keys/{id}',
      'get /v1/events',
      'get /v1/events/tail',
      'get /v1/events/{id}',
      'get /v1/log',
      'get /v1/memberships',
      'get /v1/memberships/{id}',
      'get /v1/organizations',
      'get /v1/organizations/{id}',
      'get /v1/organizations/{id}/activity',
      'get /v1/organizations/{id}/members',
      'get /v1/streams/{aggregateType}/{aggregateId}',
      'get /v1/users',
      'get /v1/users/recently-active',
      'get /v1/users/{id}',
      'get /v1/users/{id}/organizations',
      'patch /v1/api-keys/{id}',
      'patch /v1/memberships/{id}',
      'patch /v1/organizations/{id}',
      'patch /v1/users/{id}',
      'post /v1/api-keys',
      'post /v1/api-keys/{id}/revoke',
      'post /v1/api-keys/{id}/rotate',
      'post /v1/events',
      'post /v1/events/append',
      'post /v1/events/import',
      'post /v1/events/query',
      'post /v1/memberships',
      'post /v1/memberships/{id}/accept',
      'post /v1/organizations',
      'post /v1/users',
    ]);
  });

  it('gives every route a tag and a summary, and every /v1 route its refusals as problems', async () => {
    for (const [name, { tags, summary, responses }] of await readOperations()) {
      expect({ name, tags: tags?.length, summary: typeof summary }).toEqual({
        name,
        tags: 1,
        summary: 'string',
      });
      if (!name.includes('/v1/')) continue;
      for (const status of ['400', '500', '503']) {
        expect(responses[status]?.content).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
    }
  });

  it('names the headers that each route understands and answers', async () => {
    const headersOf = (operation: Operation | undefined, status: string) =>
      Object.keys(operation?.responses[status]?.headers ?? {});
    const understood = (operation: Operation | undefined) =>
      operation?.parameters?.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
    const operations = new Map(await readOperations());
    const read = operations.get('get /v1/organizations/{id}');
    expect(understood(read)).toEqual(['If-None-Match', 'Request-Timeout']);
    expect(headersOf(read, '200')).toContain('ETag');
    expect(headersOf(read, '304')).toContain('ETag');
    expect(read?.responses['304']?.content).toBeUndefined();
    const create = operations.get('post /v1/organizations');
    expect(understood(create)).toEqual(['Idempotency-Key', 'Request-Timeout']);
    expect(headersOf(create, '201')).toEqual(
      expect.arrayContaining(['ETag', 'Location', 'Idempotency-Replayed']),
    );
    expect(headersOf(create, '409')).toContain('Retry-After');
    const change = operations.get('patch /v1/organizations/{id}');
    expect(understood(change)).toEqual(['If-Match', 'Request-Timeout']);
    expect(headersOf(change, '200')).toContain('ETag');
    expect(Object.keys(change?.responses ?? {})).toEqual(expect.arrayContaining(['412', '428']));
    expect(operations.get('delete /v1/memberships/{id}')?.responses['204']?.content).toBeUndefined();
    expect(understood(operations.get('get /livez')) ?? []).toEqual([]);
  });

  it('names no header that is not answered, and those that say when to come back', async () => {
    const operations = new Map(await readOperations());
    const append = await service.post('/v1/events', {
      aggregateType: 'order',
      aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
      expectedVersion: 0,
      events: [{ eventType: 'order.placed', payload: {} }],
    });
    expect(append.headers.get('etag')).toBeNull();
    for (const status of ['200', '201']) {
      expect(operations.get('post /v1/events')?.responses[status]?.headers).not.toHaveProperty('ETag');
    }
    for (const [name, { responses }] of operations) {
      if (!name.includes('/v1/')) continue;
      for (const status of ['429', '503']) {
        expect({ name, status, headers: responses[status]?.headers }).toMatchObject({
          headers: { 'Retry-After': expect.anything() },
        });
      }
    }
  });

  it('says what an append answers to a key that was used for something else', async () => {
    const [, append] = (await readOperations()).find(([name]) => name === 'post /v1/events') ?? [];
    expect(append?.responses['422']).toMatchObject({
      description: expect.stringContaining('/problems/idempotency-key-reused'),
    });
  });

  it('says what a line of an import is, and what a tail and an import are answered with', async () => {
    const { body } = await service.get('/docs/json');
    const { post } = body.paths['/v1/events/import'];
    expect(Object.keys(post.requestBody.content)).toEqual(['application/x-ndjson']);
    expect(JSON.stringify(post.requestBody)).toContain('#/components/schemas/ImportLine');
    expect(Object.keys(post.responses['200'].content)).toEqual(['application/x-ndjson']);
    expect(Object.keys(body.paths['/v1/events/tail'].get.responses['200'].content)).toEqual([
      'text/event-stream',
    ]);
    expect(body.paths['/v1/events/query'].post.parameters.map(({ name }: { name: string }) => name)).toEqual([
      'Request-Timeout',
    ]);
  });

  it('has examples that can be sent as they are', async () => {
    const { body } = await service.get('/docs/json');
    const { NewOrganization, NewUser, AppendRequest, AppendStreamsRequest, EventQueryRequest } =
      body.components.schemas;
    const posts: [string, { examples: unknown[] }][] = [
      ['/v1/organizations', NewOrganization],
      ['/v1/users', NewUser],
      ['/v1/events', AppendRequest],
      ['/v1/events/append', AppendStreamsRequest],
    ];
    for (const [path, { examples }] of posts) {
      for (const example of examples)
        expect(await service.post(path, example)).toMatchObject({ status: 201 });
    }
    for (const example of EventQueryRequest.examples) {
      expect(await service.post('/v1/events/query', example)).toMatchObject({ status: 200 });
    }
  });
});

describe('/docs', () => {
  it('may load nothing from elsewhere', async () => {
    const { status, headers, body } = await service.get('/docs/');
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
    const sources = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source);
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).not.toMatch(/^(?:https?:)?\/\//);
      expect((await service.get(new URL(source, `${service.url}/docs/`).pathname)).status).toBe(200);
    }
  });
});
