import { gzipSync } from 'node:zlib';
import {
  AUTHORIZATION,
  BLANK_CHUNK,
  CREATE,
  listenTo,
  listStatuses,
  openSocket,
  renderLines,
  sendBlindly,
  sendBytes,
} from '../test/raw-http';
import { openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterAll(() => service.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const MEBIBYTE = 1024 * 1024;

const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  service.send(path, { method: 'POST', body: body as string, headers: { ...JSON_TYPE, ...headers } });

const append = (payload: string) =>
  post(
    '/v1/events',
    `{"aggregateType":"order","aggregateId":"0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73","expectedVersion":0,"events":[{"eventType":"x","payload":${payload}}]}`,
  );

describe('a body that is too large', () => {
  it('is refused by its announced length, before it comes', async () => {
    const socket = await openSocket(service.url);
    const answered = new Promise<string>((resolve) => socket.once('data', (part) => resolve(String(part))));
    socket.write(renderLines([...CREATE, `content-length: ${100 * MEBIBYTE}`]));
    expect(listStatuses(await answered)).toEqual([413]);
    socket.destroy();
  });

  it('is refused in chunks, as soon as they are too many', async () => {
    const { socket, heard } = listenTo(service.url);
    socket.write(renderLines([...CREATE, 'transfer-encoding: chunked', 'connection: close']));
    // Goes on until it is told.
    const sendMore = (): void => {
      if (!socket.destroyed && socket.bytesRead === 0)
        socket.write(BLANK_CHUNK, () => setImmediate(sendMore));
      else socket.end();
    };
    sendMore();
    const { said, isReset } = await heard;
    expect({ statuses: listStatuses(said), isReset }).toEqual({ statuses: [413], isReset: false });
  });

  it('is refused on every route that takes one', async () => {
    const { body } = await service.get('/docs/json');
    const large = `{"name":"${'x'.repeat(MEBIBYTE)}"}`;
    for (const [path, methods] of Object.entries(
      body.paths as Record<string, Record<string, { requestBody?: { content: Record<string, unknown> } }>>,
    )) {
      for (const [method, { requestBody }] of Object.entries(methods)) {
        if (requestBody?.content['application/json'] === undefined) continue;
        const target = path.replaceAll(/\{\w+\}/g, '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73');
        const answer = await service.send(target, {
          method: method.toUpperCase(),
          body: large,
          headers: JSON_TYPE,
        });
        expect({ method, path, status: answer.status }).toEqual({ method, path, status: 413 });
      }
    }
  });
});

describe('a body that is sent to its end, whatever is answered', () => {
  const IMPORT = ['POST /v1/events/import HTTP/1.1', 'host: x', 'content-type: application/x-ndjson'];
  it.each([
    ['too large', 413, CREATE],
    ['too large, and the last one', 413, [...CREATE, 'connection: close']],
    ['without a key', 401, ['POST /v1/organizations HTTP/1.1', 'host: x', 'connection: close']],
    ['without a host', 400, [...CREATE.filter((line) => !line.startsWith('host')), 'connection: close']],
    [
      'of another type',
      415,
      [...CREATE.map((line) => line.replace('application/json', 'text/x')), 'connection: close'],
    ],
    ['expecting what there is not', 417, [...CREATE, 'expect: the-best']],
    ['an import without a key', 401, IMPORT],
    ['an import in an unknown coding', 400, [...IMPORT, AUTHORIZATION, 'content-encoding: br']],
    ['an import that is no gzip', 400, [...IMPORT, AUTHORIZATION, 'content-encoding: gzip']],
  ])('does not cost the client its answer: %s', async (_why, status, head) => {
    for (let round = 0; round < 5; round += 1) {
      const { said, isReset } = await sendBlindly(service.url, head, 100);
      expect({ statuses: listStatuses(said), isReset }).toEqual({ statuses: [status], isReset: false });
    }
  });

  it('nor does an import that ends before its body, with a report that is larger than what a connection takes', async () => {
    const chunk = `10000\r\n${'x\n'.repeat(0x8000)}\r\n`;
    const { said, isReset } = await sendBlindly(service.url, [...IMPORT, AUTHORIZATION], 200, chunk);
    expect({ statuses: listStatuses(said), isReset }).toEqual({ statuses: [200], isReset: false });
    expect(said).toMatch(/^connection: close\r$/m);
    expect(said).toContain('"reason":"not-read"}');
  });

  it('nor does a chunk that is none', async () => {
    const { said, isReset } = await sendBlindly(service.url, CREATE, 200, 'z'.repeat(0x10000));
    expect({ statuses: listStatuses(said), isReset }).toEqual({ statuses: [400], isReset: false });
  });
});

describe('a body that is nested deeply', () => {
  const DEEP: readonly [string, (depth: number) => string][] = [
    ['lists', (depth) => '['.repeat(depth) + ']'.repeat(depth)],
    ['objects', (depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
    ['both', (depth) => `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`],
  ];

  it.each(DEEP)('of %s is refused as a whole body, and as any part of one', async (_kind, nest) => {
    for (const depth of [65, 1_000, 60_000]) {
      const nested = nest(depth);
      for (const body of [nested, `{"name":${nested}}`, `{"name":"x","status":${nested}}`]) {
        expect((await post('/v1/organizations', body)).status).toBe(400);
      }
      expect((await append(`{"deep":${nested}}`)).status).toBe(400);
      // The keys of a record are looked through before its form is.
      const { status } = await post('/v1/organizations', `{"name":${nested}}`, {
        'idempotency-key': `deep-${depth}`,
      });
      expect(status).toBe(400);
    }
    expect((await service.get('/livez')).status).toBe(200);
  });

  it('is taken as deep as events may be (control)', async () => {
    expect((await append(`{"deep":${'['.repeat(60)}${']'.repeat(60)}}`)).status).toBe(201);
  });
});

describe('a body that is compressed', () => {
  it('is refused plainly and not opened, small or a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MEBIBYTE, ' '));
    for (const [coding, body] of [
      ['gzip', gzipSync('{"name":"Zipped"}')],
      ['gzip', bomb],
      ['GZIP', bomb],
      ['deflate', Buffer.from('{"name":"x"}')],
      ['br', Buffer.from('{"name":"x"}')],
      ['identity, gzip', bomb],
    ] as const) {
      const answer = await post('/v1/organizations', body, { 'content-encoding': coding });
      expect(answer).toMatchObject({
        status: 415,
        body: {
          type: '/problems/unsupported-media-type',
          detail: expect.stringContaining('content-encoding'),
        },
      });
    }
    expect((await service.get('/v1/organizations?name=Zipped')).body.items).toEqual([]);
  });

  it('by a coding that changes nothing is taken', async () => {
    const answer = await post('/v1/organizations', '{"name":"Plain"}', { 'content-encoding': 'identity' });
    expect(answer.status).toBe(201);
  });

  it('in transfer is refused', async () => {
    const said = await sendBytes(
      service.url,
      renderLines([...CREATE, 'transfer-encoding: gzip, chunked', 'connection: close'], '0\r\n\r\n'),
    );
    expect(listStatuses(said)).toEqual([400]);
  });
});

describe('a body that reaches for prototypes', () => {
  it('changes none', async () => {
    for (const body of [
      '{"name":"x","__proto__":{"polluted":1}}',
      '{"name":"x","constructor":{"prototype":{"polluted":1}}}',
      '{"name":"x","\\u005f_proto__":{"polluted":1}}',
      '[{"__proto__":{"polluted":1}}]',
    ]) {
      expect((await post('/v1/organizations', body)).status).toBe(400);
    }
    for (const payload of ['{"__proto__":{"polluted":1}}', '{"a":[{"__proto__":{"polluted":1}}]}']) {
      expect((await append(payload)).status).toBe(400);
    }
    expect({}).not.toHaveProperty('polluted');
  });

  it('may name what objects have by themselves, as data', async () => {
    const payload = { toString: 1, hasOwnProperty: 2, valueOf: null, constructor: 'y' };
    const { status, body } = await service.post('/v1/events', {
      ...{ aggregateType: 'names', aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a74', expectedVersion: 0 },
      events: [{ eventType: 'x', payload }],
    });
    expect(status).toBe(201);
    expect((await service.get(`/v1/events/${body.events[0].id}`)).body.payload).toEqual(payload);
  });
});

describe('a body of many parts', () => {
  it.each([
    ['keys', () => `{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":1`).join(',')}}`],
    ['the same key', () => `{${Array.from({ length: 50_000 }, () => '"name":"x"').join(',')}}`],
  ])('is refused or read in passing: %s', async (_kind, bodyOf) => {
    expect([201, 400]).toContain((await post('/v1/organizations', bodyOf())).status);
  });

  it('is not repeated in what it is refused with', async () => {
    const { status, body } = await append(JSON.stringify({ secret: 'do not repeat', bad: '\ud800' }));
    expect(status).toBe(400);
    expect(JSON.stringify(body)).not.toContain('do not repeat');
    expect(JSON.stringify(service.readLog())).not.toContain('do not repeat');
  });
});
