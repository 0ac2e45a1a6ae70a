import { openServiceOnTestDatabase, type TestService } from '../test/test-service';

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
