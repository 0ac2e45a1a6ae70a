import { createDataSource, newId } from '@holdfast/db';
import { openProxy, openTemporaryServer } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { migrate } from '../test/migrate';
import { lockTable } from '../test/table-lock';
import { openService, openServiceOnTestDatabase, type TestService } from '../test/test-service';

type Service = Awaited<ReturnType<typeof openServiceOnTestDatabase>>;

const QUESTION = '/v1/organizations?domain=acme.example';

async function run<T>(databaseUrl: string, sql: string, parameters: unknown[] = []): Promise<T[]> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: databaseUrl }));
  try {
    return await dataSource.query(sql, parameters);
  } finally {
    await closeDataSource(dataSource);
  }
}

/** Appends an event and lets it use up its attempts. */
async function makeDeadLetter(service: Service): Promise<string> {
  const { body } = await service.post('/v1/events', {
    aggregateType: 'order',
    aggregateId: newId(),
    expectedVersion: 0,
    events: [{ eventType: 'order.placed', payload: { cents: 1_200 } }],
  });
  const { id } = body.events[0];
  await run(service.database.url, `update events set retry_count = 5, last_error = 'no' where id = $1`, [id]);
  return id;
}

const order = (service: TestService, path: string) => service.send(path, { method: 'POST' });

describe('GET /console/data', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openServiceOnTestDatabase();
  });
  afterAll(() => service.close());
  const read = async () => (await service.get('/console/data')).body;

  it('shows the pool that /metrics shows, and its past', async () => {
    const { pools, poolHistory } = await read();
    const { body: scrape } = await service.get('/metrics');
    expect(pools.state).toBe('known');
    const max = /^db_client_connection_max\{[^}]*"primary"\} (\d+)$/m.exec(scrape)?.[1];
    expect(String(pools.value.primary.max)).toBe(max);
    expect(poolHistory.samples[0]).toMatchObject({ max: Number(max), used: expect.any(Number) });
  });

  it('shows statements without values, and its own never', async () => {
    await service.get('/v1/organizations?domain=secret.example');
    const { statements } = await read();
    const asked = statements.find(({ text }: { text: string }) => text.includes('"domain"'));
    expect(asked).toMatchObject({ count: expect.any(Number), worstMs: expect.any(Number), plan: null });
    const all = JSON.stringify((await read()).statements);
    expect(all).not.toContain('secret.example');
    expect(all).not.toMatch(/pg_is_in_recovery|retry_count >= 5/);
  });

  it('explains a statement when it is asked to, and only then', async () => {
    await service.get('/v1/organizations?externalId=github:1');
    const find = async () =>
      (await read()).statements.find(({ text }: { text: string }) => /"external_id"\)? = /.test(text));
    const { id, plan } = await find();
    expect(plan).toBeNull();
    const answer = await order(service, `/console/statements/${id}/plan`);
    expect(answer).toMatchObject({
      status: 200,
      body: { plan: { indexes: ['idx_organizations_external_id'] } },
    });
    expect((await find()).plan).toEqual(answer.body.plan);
    expect(await order(service, '/console/statements/0123456789ab/plan')).toMatchObject({
      status: 404,
    });
  });

  it('shows migrations as the ledger has them', async () => {
    const [row] = await run<{ count: number }>(service.database.url, 'select count(*)::int from migrations');
    expect((await read()).migrations).toMatchObject({
      state: 'known',
      value: { applied: row?.count, pending: [], unknown: [], run: null },
    });
  });

  it('counts the events that wait, and replays a dead letter once', async () => {
    const before = (await read()).events.value;
    const id = await makeDeadLetter(service);
    const waitsFor = async (waiting: number) => {
      while ((await read()).events.value.waiting !== waiting);
    };
    await waitsFor(before.waiting);
    const replay = () => order(service, `/console/dead-letters/${id}/replay`);
    expect(await replay()).toMatchObject({ status: 204 });
    await waitsFor(before.waiting + 1);
    const told = new RegExp(`^holdfast_events_waiting ${before.waiting + 1}$`, 'm');
    while (!told.test((await service.get('/metrics')).body));
    const [event] = await run(service.database.url, 'select retry_count from events where id = $1', [id]);
    expect(event).toEqual({ retry_count: 0 });
    expect(await replay()).toMatchObject({ status: 204 });
    expect((await read()).deadLetters.value).toEqual([]);
    expect(await order(service, `/console/dead-letters/${newId()}/replay`)).toMatchObject({
      status: 404,
      body: { type: '/problems/not-found' },
    });
  });

  it('takes no orders from pages of another site', async () => {
    const send = (site: string) =>
      service.send('/console/doctor', { method: 'POST', headers: { 'sec-fetch-site': site } });
    expect(await send('cross-site')).toMatchObject({ status: 403, body: { type: '/problems/cross-site' } });
    // A browser names the site only to a server that it trusts, and not to one without TLS.
    const sendFrom = (origin: string) =>
      service.send('/console/doctor', { method: 'POST', headers: { origin } });
    for (const origin of ['http://elsewhere.example', 'null', `${service.url}0`]) {
      expect(await sendFrom(origin)).toMatchObject({ status: 403, body: { type: '/problems/cross-site' } });
    }
    expect((await read()).doctor).toMatchObject({ isRunning: false, report: null });
    expect(await sendFrom(service.url)).toMatchObject({ status: 202 });
    expect(await send('same-origin')).toMatchObject({ status: 202 });
  });

  it('examines the indexes when asked, and not again for ten minutes', async () => {
    await order(service, '/console/doctor');
    let doctor = (await read()).doctor;
    while (doctor.isRunning) doctor = (await read()).doctor;
    expect(doctor).toMatchObject({
      failure: null,
      report: { findings: expect.any(Array), unseen: expect.any(Array) },
    });
    expect(Date.parse(doctor.nextAt)).toBeGreaterThan(Date.now() + 500_000);
    const { body } = await order(service, '/console/doctor');
    expect(body).toMatchObject({ isRunning: false, report: { examinedAt: doctor.report.examinedAt } });
  });

  it('may load nothing from elsewhere, and runs nothing inline', async () => {
    const { status, headers, body } = await service.get('/console');
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(body).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=|https?:/);
    for (const [, source = ''] of body.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)) {
      expect((await service.get(source)).status).toBe(200);
    }
  });
});

describe('the console, in trouble', () => {
  it('answers while requests hold every connection, from connections of its own', async () => {
    const service = await openServiceOnTestDatabase();
    const lock = await lockTable(service.database.url, 'organizations');
    const holders = Array.from({ length: 3 }, () => service.get(QUESTION));
    try {
      await lock.waitForWaiting(3);
      expect((await service.get('/console/data')).body).toMatchObject({
        database: { state: 'known' },
        pools: { value: { primary: { used: 3, max: 3 } } },
        events: { state: 'known' },
      });
    } finally {
      await lock.release();
      await Promise.all(holders);
      await service.close();
    }
  });

  it('says what cannot be read while the database is down, and reads it again afterwards', async () => {
    const server = await openTemporaryServer();
    await migrate(server.url);
    const service = await openService(server.url, { DATABASE_POOL_ACQUIRE_MS: '200' });
    const read = () => service.get('/console/data');
    try {
      expect((await read()).body).toMatchObject({ database: { state: 'known' } });
      await server.halt('immediate');
      let answer = await read();
      while (answer.body.database.state === 'known') answer = await read();
      while (answer.body.migrations.state === 'known') answer = await read();
      expect(answer).toMatchObject({
        status: 200,
        body: {
          database: { state: 'unknown', reason: expect.any(String) },
          migrations: { state: 'unknown' },
          events: { state: 'unknown' },
          pools: { state: 'known' },
          circuit: { state: 'closed' },
        },
      });
      // Nothing of the database's address or password.
      expect(JSON.stringify(answer.body)).not.toContain(new URL(server.url).password);

      while ((await read()).body.circuit.state === 'closed') {
        // Each looks for its key by itself: those of one turn share the statement if they have the same time.
        const ask = (_: unknown, at: number) =>
          service.get(QUESTION, { 'request-timeout': String(2 + at / 100) });
        await Promise.all(Array.from({ length: 20 }, ask));
      }
      const { changes } = (await read()).body.circuit;
      expect(changes[0]).toMatchObject({ from: 'closed', to: 'open', failures: expect.any(Number) });

      await server.resume();
      // Each part is read by itself, and the first that succeeds is not all of them.
      for (const part of ['events', 'database']) while ((await read()).body[part].state === 'unknown');
    } finally {
      await service.close();
      await server.stop();
    }
  });

  it('says what cannot be read while the network swallows everything, reads it again afterwards, and closes', async () => {
    const server = await openTemporaryServer();
    await migrate(server.url);
    const proxy = await openProxy(server);
    const service = await openService(proxy.urlThrough(server.url), { SHUTDOWN_TIMEOUT_MS: '0' });
    const read = () => service.get('/console/data');
    try {
      expect((await read()).body).toMatchObject({ database: { state: 'known' } });
      proxy.freeze();
      let answer = await read();
      while (answer.body.database.state === 'known' || answer.body.migrations.state === 'known') {
        answer = await read();
      }
      expect(answer).toMatchObject({
        status: 200,
        body: { database: { state: 'unknown', reason: expect.any(String) }, pools: { state: 'known' } },
      });
      proxy.thaw();
      while ((await read()).body.database.state === 'unknown');
      await order(service, '/console/doctor');
      proxy.freeze();
      await read();
      await service.close();
    } finally {
      await proxy.close();
      await service.close();
      await server.stop();
    }
  });
});
