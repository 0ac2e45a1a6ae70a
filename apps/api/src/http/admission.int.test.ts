import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { openTestDatabase } from '@holdfast/local-postgres';
import { openBoundService } from '../test/bound-service';
import { AUTHORIZATION, listenTo } from '../test/raw-http';
import { lockTable } from '../test/table-lock';
import { openService, openServiceOnTestDatabase } from '../test/test-service';

/** A line of the head of a request. */
const KEY = `${AUTHORIZATION}\r\n`;
const QUESTION = '/v1/organizations?domain=acme.example';

/** Three connections, and places for three reads. */
const SMALL = {
  DATABASE_DEADLINE_MS: '60000',
  ADMISSION_READS: '3',
  ADMISSION_WRITES: '2',
  ADMISSION_APPENDS: '2',
  ADMISSION_LIMIT_MIN: '4',
  ADMISSION_LIMIT_MAX: '4',
  ADMISSION_QUEUE: '1',
  ADMISSION_QUEUE_MS: '50',
};

async function openFull(variables: Record<string, string> = {}) {
  const database = await openTestDatabase();
  const service = await openService(database.url, { ...SMALL, ...variables });
  const lock = await lockTable(database.url, 'organizations');
  const holders = Array.from({ length: 3 }, () => service.get(QUESTION));
  await lock.waitForWaiting(3);
  return {
    service,
    holders,
    async [Symbol.asyncDispose]() {
      await lock.release();
      await Promise.all(holders);
      await service.close();
      await database.drop();
    },
  };
}

const readMetric = (scrape: string, series: string) =>
  Number(
    scrape
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1],
  );

describe('a service with every place and connection taken', () => {
  it('refuses one read more with 429, and says when to come back', async () => {
    await using full = await openFull();
    const answer = await full.service.get(QUESTION);
    expect(answer).toMatchObject({ status: 429, body: { type: '/problems/too-many-requests' } });
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    const { body: scrape } = await full.service.get('/metrics');
    expect(readMetric(scrape, 'holdfast_http_in_flight{class="reads"}')).toBe(3);
    expect(readMetric(scrape, 'holdfast_http_refused_total{class="reads",reason="class-full"}')).toBe(1);
    expect(readMetric(scrape, 'holdfast_http_limit')).toBe(4);
  });

  it('has a place left for another class, and then refuses with 503', async () => {
    await using full = await openFull();
    const write = full.service.post('/v1/organizations', { name: 'Acme' });
    let refused = await full.service.post('/v1/organizations', { name: 'Acme' });
    while (refused.body.type !== '/problems/saturated') {
      refused = await full.service.post('/v1/organizations', { name: 'Acme' });
    }
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    void write;
  });

  it('still answers what operates it', async () => {
    await using full = await openFull();
    for (const path of ['/livez', '/metrics', '/console', '/console/data', '/docs/json']) {
      expect({ path, status: (await full.service.get(path)).status }).toEqual({ path, status: 200 });
    }
    expect(await full.service.get('/readyz')).toMatchObject({ status: 200, body: { pool: 'busy' } });
  });

  it('refuses the excess of an overload at once, whatever its size', async () => {
    await using full = await openFull();
    const burst = await Promise.all(Array.from({ length: 200 }, () => full.service.get(QUESTION)));
    // Refused while those that hold the places still wait: nobody was queued behind them.
    expect(new Set(burst.map(({ status }) => status))).toEqual(new Set([429]));
    const { body: scrape } = await full.service.get('/metrics');
    expect(readMetric(scrape, 'holdfast_http_waiting')).toBe(0);
    expect(readMetric(scrape, 'holdfast_http_admitted_total{class="reads"}')).toBe(3);
  });

  it('gives the place of a client that has gone to nobody until its work has ended', async () => {
    await using full = await openFull({ ADMISSION_READS: '4', DATABASE_DEADLINE_MS: '60000' });
    const { port } = new URL(full.service.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`GET ${QUESTION} HTTP/1.1\r\nhost: x\r\n${KEY}\r\n`);
    const readInFlight = async () =>
      readMetric((await full.service.get('/metrics')).body, 'holdfast_http_in_flight{class="reads"}');
    while ((await readInFlight()) !== 4);
    socket.destroy();
    await full.service.get('/livez');
    expect(await readInFlight()).toBe(4);
    expect((await full.service.get(QUESTION)).status).toBe(429);
  });

  it('calls a client that goes while it waits to be let in no failure of the service', async () => {
    await using full = await openFull({
      ADMISSION_LIMIT_MIN: '3',
      ADMISSION_LIMIT_MAX: '3',
      ADMISSION_QUEUE_MS: '10000',
    });
    const readWaiting = async () =>
      readMetric((await full.service.get('/metrics')).body, 'holdfast_http_waiting');
    const socket = connect(Number(new URL(full.service.url).port), '127.0.0.1');
    // A write, since the reads have no place left.
    socket.write(`POST /v1/users HTTP/1.1\r\nhost: x\r\n${KEY}content-length: 0\r\n\r\n`);
    while ((await readWaiting()) !== 1);
    socket.destroy();
    while ((await readWaiting()) !== 0);
    await full.service.get('/livez');
    expect(full.service.readLog().filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('has every place back afterwards, also those of bad requests', async () => {
    const service = await openServiceOnTestDatabase();
    try {
      await Promise.all([
        service.get(QUESTION),
        service.get('/v1/organizations/nonsense'),
        service.send('/v1/organizations', {
          method: 'POST',
          body: '{',
          headers: { 'content-type': 'application/json' },
        }),
        service.send('/v1/organizations', {
          method: 'POST',
          body: 'x',
          headers: { 'content-type': 'text/plain' },
        }),
        service.get('/v1/users/0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71'),
        service.post('/v1/organizations', { name: 'Acme' }),
      ]);
      // Gone in the middle of its body, before there was any work.
      const readAdmitted = async () =>
        readMetric((await service.get('/metrics')).body, 'holdfast_http_admitted_total{class="writes"}');
      const before = await readAdmitted();
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
      socket.write(
        `POST /v1/organizations HTTP/1.1\r\nhost: x\r\n${KEY}content-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
      );
      while ((await readAdmitted()) === before);
      socket.destroy();
      for (const name of ['reads', 'writes', 'appends']) {
        const readInFlight = async () =>
          readMetric((await service.get('/metrics')).body, `holdfast_http_in_flight{class="${name}"}`);
        // Its key may still be looked for, and that work keeps the place until it has ended.
        while ((await readInFlight()) !== 0);
      }
    } finally {
      await service.close();
    }
  });
});

describe('a request whose body comes late', () => {
  const ADMITTED = 'holdfast_http_admitted_total{class="appends"}';
  const BODY = JSON.stringify({
    ...{ aggregateType: 'order', aggregateId: randomUUID(), expectedVersion: 0 },
    events: [{ eventType: 'order.placed', payload: {} }],
  });

  it.each([
    ['whose place is gone', 429, BODY],
    ['that is of no form', 400, '{"__proto__": 1}'.padEnd(BODY.length)],
  ])('is refused at once, and its key is not looked for: one %s', async (_what, status, body) => {
    const bound = await openBoundService({ ADMISSION_APPENDS: '1', DATABASE_DEADLINE_MS: '60000' });
    try {
      const { service } = bound;
      const append = () => service.post('/v1/events', JSON.parse(BODY));
      expect((await append()).status).toBe(201);
      const late = listenTo(service.url);
      const lines = ['content-type: application/json', `content-length: ${body.length}`, 'connection: close'];
      late.socket.write(`POST /v1/events HTTP/1.1\r\nhost: x\r\n${KEY}${lines.join('\r\n')}\r\n\r\n`);
      while (readMetric((await service.get('/metrics')).body, ADMITTED) < 2);
      const lock = await lockTable(bound.url, 'api_keys');
      const holder = append();
      await lock.waitForWaiting(1);
      const heard = once(late.socket, 'data');
      late.socket.write(body);
      expect(String(await heard)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      await lock.release();
      late.socket.destroy();
      expect((await holder).status).toBe(409);
    } finally {
      await bound.close();
    }
  });
});

describe('the limit for all requests', () => {
  /** Begins at its most, so that it can only shrink. */
  const LIMITS = { ADMISSION_LIMIT_MIN: '1', ADMISSION_LIMIT_MAX: '8', ADMISSION_LATENCY_MS: '1000' };

  async function openLimited(variables: Record<string, string> = {}) {
    const database = await openTestDatabase();
    const service = await openService(database.url, { ...LIMITS, ...variables });
    return {
      service,
      database,
      readMetric: async (series: string) => readMetric((await service.get('/metrics')).body, series),
      async [Symbol.asyncDispose]() {
        await service.close();
        await database.drop();
      },
    };
  }

  it('does not shrink because a client sends its body slowly, who is let in once', async () => {
    await using limited = await openLimited();
    const body = JSON.stringify({ name: 'Acme' });
    const socket = connect(Number(new URL(limited.service.url).port), '127.0.0.1');
    const answered = new Promise((resolve) => socket.once('data', resolve));
    socket.write(
      `POST /v1/organizations HTTP/1.1\r\nhost: x\r\n${KEY}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n{`,
    );
    while ((await limited.readMetric('holdfast_http_admitted_total{class="writes"}')) !== 1);
    const sinceMs = performance.now();
    while (performance.now() - sinceMs < 1_100) await limited.service.get('/livez');
    socket.write(body.slice(1));
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 201 /);
    socket.destroy();
    expect(await limited.readMetric('holdfast_http_limit')).toBe(8);
    expect(await limited.readMetric('holdfast_http_admitted_total{class="writes"}')).toBe(1);
  });

  it('does not shrink because a client has little patience', async () => {
    await using limited = await openLimited({ DATABASE_DEADLINE_MS: '60000' });
    const { service, database } = limited;
    const lock = await lockTable(database.url, 'organizations');
    try {
      for (let round = 0; round < 5; round += 1) {
        const answer = await service.get(QUESTION, { 'request-timeout': '0.02' });
        expect(answer.status).toBe(504);
      }
      expect(await limited.readMetric('holdfast_http_limit')).toBe(8);
    } finally {
      await lock.release();
    }
  });

  it.each([
    ['does not shrink', 'less than is bearable', { 'request-timeout': '1.5' }, 8],
    ['shrinks', 'as long as the service lets them', {}, 7],
  ])(
    '%s because a key is looked for behind a refusal, and the request waits %s',
    async (_what, _how, patience, left) => {
      const bound = await openBoundService({
        ...LIMITS,
        ADMISSION_LATENCY_MS: '2900',
        DATABASE_DEADLINE_MS: '1500',
      });
      try {
        const { service } = bound;
        const askBadly = async () => (await service.get('/v1/users/none', patience)).status;
        expect(await askBadly()).toBe(400);
        const lock = await lockTable(bound.url, 'api_keys');
        const status = await askBadly().finally(() => lock.release());
        const limit = readMetric((await service.get('/metrics')).body, 'holdfast_http_limit');
        expect([status, limit]).toEqual([504, left]);
      } finally {
        await bound.close();
      }
    },
  );

  it('shrinks when the look-up of a key and the work together take longer than is bearable', async () => {
    await using limited = await openLimited({ DATABASE_DEADLINE_MS: '60000' });
    const { service, database } = limited;
    const locks = [await lockTable(database.url, 'api_keys'), await lockTable(database.url, 'organizations')];
    const answer = service.get(QUESTION);
    for (const lock of locks) {
      await lock.waitForWaiting(1);
      await setTimeout(700);
      await lock.release();
    }
    expect((await answer).status).toBe(200);
    expect(await limited.readMetric('holdfast_http_limit')).toBeLessThan(8);
  });

  it('shrinks when requests take the time that the service gives them', async () => {
    await using limited = await openLimited({ DATABASE_DEADLINE_MS: '300' });
    const lock = await lockTable(limited.database.url, 'organizations');
    try {
      expect((await limited.service.get(QUESTION)).status).toBe(504);
      expect(await limited.readMetric('holdfast_http_limit')).toBeLessThan(8);
    } finally {
      await lock.release();
    }
  });
});

describe('GET /readyz under strain', () => {
  it('says degraded, and why, while it can serve', async () => {
    const database = await openTestDatabase();
    const service = await openService(database.url, { ADMISSION_LATENCY_MS: '1', ADMISSION_LIMIT_MIN: '1' });
    try {
      expect((await service.get('/readyz')).body).toEqual({ status: 'ready' });
      const lock = await lockTable(database.url, 'organizations');
      const slow = service.get(QUESTION);
      await lock.waitForWaiting(1);
      await lock.release();
      await slow;
      // Every request takes longer than is called bearable here.
      let ready = await service.get('/readyz');
      while (ready.body.status === 'ready') {
        await service.get('/v1/events?type=order.placed');
        ready = await service.get('/readyz');
      }
      expect(ready).toMatchObject({ status: 200, body: { status: 'degraded', reasons: ['limit-shrunk'] } });
    } finally {
      await service.close();
      await database.drop();
    }
  });
});
