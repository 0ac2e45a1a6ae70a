import { openTemporaryServer, openTestDatabase, type TemporaryServer } from '@holdfast/local-postgres';
import { migrate } from './test/migrate';
import { lockOrganizations } from './test/table-lock';
import { openService, type TestService } from './test/test-service';

const IMPATIENT = { DATABASE_POOL_ACQUIRE_MS: '200', DATABASE_POOL_CREATE_MS: '1000' };
const QUESTION = '/v1/organizations?domain=acme.example';

describe('while the database is gone', () => {
  let server: TemporaryServer;
  let service: TestService;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await migrate(server.url);
    service = await openService(server.url, IMPATIENT);
  });
  afterAll(async () => {
    await service.close();
    await server.stop();
  });

  it('answers 503 and when to come back, stays alive, and recovers by itself', async () => {
    // Without the fault all is well.
    expect((await service.get(QUESTION)).status).toBe(200);
    expect((await service.get('/readyz')).status).toBe(200);

    await server.halt('immediate');
    const question = await service.get(QUESTION);
    expect(question).toMatchObject({ status: 503, body: { type: '/problems/database-unavailable' } });
    expect(Number(question.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(question.body)).not.toMatch(/ECONN|127\.0\.0\.1|\bat /);
    // The packets of a body arrive in the context of the connection; its request must not lose its own.
    const creation = await service.send('/v1/organizations', {
      method: 'POST',
      body: `${' '.repeat(900_000)}{"name":"Acme"}`,
      headers: { 'content-type': 'application/json' },
    });
    expect(creation).toMatchObject({ status: 503, body: { type: '/problems/database-unavailable' } });
    const retries = service.readLog().filter(({ requestId }) => requestId === creation.body.requestId);
    expect(retries.map(({ message }) => message)).toContain('Retrying after a failure');
    expect((await service.get('/livez')).status).toBe(200);
    expect(await service.get('/readyz')).toMatchObject({ status: 503, body: { reason: 'database' } });
    expect((await service.get('/metrics')).status).toBe(200);

    await server.resume();
    while ((await service.get('/readyz')).status !== 200);
    expect((await service.get(QUESTION)).status).toBe(200);
  });
});

describe('after many failures', () => {
  let server: TemporaryServer;
  let service: TestService;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await migrate(server.url);
    service = await openService(server.url, IMPATIENT);
  });
  afterAll(async () => {
    await service.close();
    await server.stop();
  });

  const ask = async (count: number): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: count }, () => service.get(QUESTION)));
    return answers.map(({ status }) => status);
  };
  const changes = () =>
    service
      .readLog()
      .filter(({ message }) => message === 'The circuit changed its state')
      .map(({ from, to }) => `${from} → ${to}`);

  it('opens the circuit: the database is left alone until it answers again', async () => {
    // Without the fault as many requests open nothing.
    for (let round = 0; round < 4; round += 1) expect(await ask(5)).toEqual(new Array(5).fill(200));
    expect(changes()).toEqual([]);

    await server.halt('immediate');
    while (changes().length === 0) expect(await ask(5)).toEqual(new Array(5).fill(503));
    expect(changes()).toEqual(['closed → open']);
    const logged = service.readLog().length;
    const refused = await service.get(QUESTION);
    expect(refused).toMatchObject({ status: 503, body: { type: '/problems/database-unavailable' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(2);
    // Nothing was tried, so nothing was retried.
    expect(JSON.stringify(service.readLog().slice(logged))).not.toContain('Retrying');

    await server.resume();
    while ((await ask(1))[0] !== 200);
    expect(changes().slice(0, 2)).toEqual(['closed → open', 'open → half-open']);
    while (changes().at(-1) !== 'half-open → closed') await ask(1);
    expect(await ask(2)).toEqual([200, 200]);
  });
});

describe('while the pool has no free connection', () => {
  it('answers 503 but stays ready, and serves again once one is free', async () => {
    await using database = await openTestDatabase();
    const service = await openService(database.url, {
      ...IMPATIENT,
      DATABASE_POOL_MIN: '0',
      DATABASE_POOL_MAX: '1',
      // The holder must not be given up before the other has been refused.
      DATABASE_DEADLINE_MS: '60000',
    });
    const lock = await lockOrganizations(database.url);
    const holder = service.get(QUESTION);
    await lock.waitForWaiting(1);
    expect(await service.get(QUESTION)).toMatchObject({
      status: 503,
      body: { type: '/problems/database-unavailable' },
    });
    expect(await service.get('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', pool: 'busy' },
    });
    await lock.release();
    expect((await holder).status).toBe(200);
    expect((await service.get(QUESTION)).status).toBe(200);
    expect((await service.get('/readyz')).body).toEqual({ status: 'ready' });
    await service.close();
  });
});
