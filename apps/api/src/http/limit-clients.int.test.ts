import { createApiKeyText } from '../api-key-text';
import { lockTable } from '../test/table-lock';
import { openService, openServiceOnTestDatabase, type TestService } from '../test/test-service';

const QUESTION = '/v1/organizations?domain=acme.example';
const SLOW = { CLIENT_RATE: '1', CLIENT_BURST: '5' };

describe('a client that asks for more than it may', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await openServiceOnTestDatabase(SLOW);
  });
  afterAll(() => service?.close());

  it('is told what it has left, then refused, and let in again when it was told to come back', async () => {
    const first = await service.get(QUESTION);
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"client";q=5;w=5');
    expect(first.headers.get('ratelimit')).toBe('"client";r=4;t=1');
    let refused = await service.get(QUESTION);
    while (refused.status === 200) refused = await service.get(QUESTION);
    expect(refused).toMatchObject({ status: 429, body: { type: '/problems/rate-limited' } });
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBe(1);
    expect(refused.headers.get('ratelimit')).toMatch(/^"client";r=0;t=[1-5]$/);

    // Refused before anything is done, with a body or without.
    const creation = await service.post('/v1/organizations', { name: 'Refused' });
    expect(creation).toMatchObject({ status: 429, body: { type: '/problems/rate-limited' } });
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    expect((await service.get(QUESTION)).status).toBe(200);
  });

  it('still gets what operates the service, which says how many were refused', async () => {
    for (let n = 0; n < 10; n += 1) await service.get(QUESTION);
    for (const path of ['/livez', '/readyz', '/docs/json', '/console']) {
      const answer = await service.get(path);
      expect([path, answer.status, answer.headers.get('ratelimit')]).toEqual([path, 200, null]);
    }
    const { body: scrape } = await service.get('/metrics');
    expect(Number(/^holdfast_http_rate_limited_total (\d+)$/m.exec(scrape)?.[1])).toBeGreaterThan(0);
  });
});

describe('clients behind one address', () => {
  const STILL = { CLIENT_RATE: '1', CLIENT_BURST: '5', CLIENT_COUNT: '100' };
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const unknownKey = () => bearer(createApiKeyText('test').text);
  let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
  /** The same database with a limit. */
  let limited: TestService;
  let userId: string;
  beforeAll(async () => {
    service = await openServiceOnTestDatabase();
    userId = (await service.post('/v1/users', {})).body.id;
  });
  beforeEach(async () => {
    limited = await openService(service.database.url, STILL);
  });
  afterEach(() => limited.close());
  afterAll(() => service.close());

  async function createKey(): Promise<{ readonly id: string; readonly headers: { authorization: string } }> {
    const { status, body } = await service.post('/v1/api-keys', { userId, name: 'test', scopes: ['read'] });
    expect(status).toBe(201);
    return { id: body.id, headers: bearer(body.key) };
  }
  const ask = (headers: Record<string, string>) => limited.get(QUESTION, headers);
  /** What is left of the rate that a request counted against. */
  const readLeft = async (headers: Record<string, string>) =>
    Number(/;r=(\d+);/.exec((await ask(headers)).headers.get('ratelimit') ?? '')?.[1]);
  const askUntilRefused = async (next: () => Record<string, string>) => {
    while ((await ask(next())).status !== 429);
  };
  /** Of a rate of which nothing has been used before. */
  const WHOLE = Number(STILL.CLIENT_BURST) - 1;

  it('have rates of their own, once their keys are known', async () => {
    const [one, other] = [await createKey(), await createKey()];
    expect([(await ask(one.headers)).status, (await ask(other.headers)).status]).toEqual([200, 200]);
    await askUntilRefused(() => one.headers);
    expect(await readLeft(other.headers)).toBe(WHOLE);
  });

  it('are not limited by keys that are made up, which count together, as do those that are not known yet', async () => {
    const [known, newcomer] = [await createKey(), await createKey()];
    await ask(known.headers);
    await askUntilRefused(unknownKey);
    expect(await readLeft(known.headers)).toBe(WHOLE);
    expect(await readLeft(newcomer.headers)).toBe(0);
  });

  it('are known by a key no longer once it is revoked', async () => {
    const { id, headers } = await createKey();
    await ask(headers);
    expect((await service.post(`/v1/api-keys/${id}/revoke`, {})).status).toBe(200);
    // It counts by the key until the database has said no.
    expect(await ask(headers)).toMatchObject({ status: 401, body: { type: '/problems/unauthenticated' } });
    await askUntilRefused(unknownKey);
    expect(await readLeft(headers)).toBe(0);
  });

  it('cost neither a statement nor a place when they are refused', async () => {
    const { headers } = await createKey();
    await ask(headers);
    const readAdmitted = async () => {
      const { body } = await limited.get('/metrics');
      return Number(/^holdfast_http_admitted_total\{class="reads"\} (\d+)$/m.exec(body)?.[1]);
    };
    const before = await readAdmitted();
    const lock = await lockTable(service.database.url, 'api_keys');
    try {
      const asked = Array.from({ length: 20 }, async () => (await ask(headers)).status);
      // While nobody's key can be looked for.
      await Promise.any(asked.map(async (status) => expect(await status).toBe(429)));
      // Control: those who are let in wait.
      await lock.waitForWaiting(1);
      await lock.release();
      const served = (await Promise.all(asked)).filter((status) => status === 200);
      expect(served.length).toBeGreaterThanOrEqual(WHOLE);
      expect(await readAdmitted()).toBe(before + served.length);
    } finally {
      await lock.release();
    }
  });
});

describe('a service without a limit for each client', () => {
  it('says nothing of one, and refuses nobody for it', async () => {
    const service = await openServiceOnTestDatabase({ CLIENT_RATE: '0', CLIENT_BURST: '1' });
    try {
      for (let n = 0; n < 5; n += 1) {
        const answer = await service.get(QUESTION);
        expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
      }
    } finally {
      await service.close();
    }
  });
});
