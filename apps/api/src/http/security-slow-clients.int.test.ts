import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { AUTHORIZATION, CREATE, listStatuses, openSocket, renderLines } from '../test/raw-http';
import { openService, openServiceOnTestDatabase } from '../test/test-service';

let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
let sockets: Socket[] = [];
beforeAll(async () => {
  service = await openServiceOnTestDatabase();
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});
afterAll(() => service.close());

const BODY = '{"name":"Slow"}';
const SLOW = [...CREATE, `content-length: ${BODY.length}`];
/** Lets in whatever comes: nothing is refused but for its body. */
const ROOMY = { ADMISSION_WRITES: '1000', ADMISSION_LIMIT_MIN: '1000', ADMISSION_LIMIT_MAX: '1000' };
const ADMITTED = /^holdfast_http_admitted_total\{class="writes"\} (\d+)$/m;
const IN_FLIGHT = /^holdfast_http_in_flight\{class="writes"\} (\d+)$/m;
/** More than writes may run at once. */
const CROWD = 80;

async function openSockets(count: number, url = service.url): Promise<readonly Socket[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => openSocket(url)));
  sockets.push(...opened);
  return opened;
}

async function readGauge(series: string): Promise<number> {
  const { body } = await service.get('/metrics');
  const line = String(body)
    .split('\n')
    .find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ')[1]);
}
const readWrites = () => readGauge('holdfast_http_in_flight{class="writes"}');
const readAdmitted = () => readGauge('holdfast_http_admitted_total{class="writes"}');
const readUsed = () =>
  readGauge(
    'db_client_connection_count{db_client_connection_pool_name="primary",db_client_connection_state="used"}',
  );

/** Resolves with the first bytes that come. */
const firstWord = (socket: Socket) =>
  new Promise<string>((resolve) => socket.once('data', (part) => resolve(String(part))));

describe('clients that send slowly', () => {
  it('hold no place with half of a head', async () => {
    for (const socket of await openSockets(CROWD)) socket.write(SLOW.slice(0, 2).join('\r\n'));
    expect((await service.post('/v1/organizations', { name: 'Quick' })).status).toBe(201);
    expect(await readWrites()).toBe(0);
  });

  it('hold no place with half of a body, as many as they are', async () => {
    const slow: Socket[] = [];
    for (let half = 0; half < 2; half += 1) {
      const before = await readAdmitted();
      const more = await openSockets(CROWD / 2);
      for (const socket of more) socket.write(renderLines(SLOW, BODY.slice(0, 1)));
      slow.push(...more);
      // For as long as it takes to look for their keys they have places.
      while ((await readAdmitted()) < before + more.length || (await readWrites()) > 0);
    }
    for (let round = 0; round < 5; round += 1) {
      expect((await service.post('/v1/organizations', { name: 'Quick' })).status).toBe(201);
    }
    // And are answered once they have sent the rest.
    const [first] = slow;
    const answered = first && firstWord(first);
    first?.write(BODY.slice(1));
    expect(listStatuses((await answered) ?? '')).toEqual([201]);
  });

  it('are refused once too many bodies are on their way, the oldest first', async () => {
    const roomy = await openService(service.database.url, ROOMY);
    try {
      const [oldest] = await openSockets(1, roomy.url);
      if (oldest === undefined) throw new Error('no socket');
      const answered = firstWord(oldest);
      oldest.write(renderLines(SLOW, BODY.slice(0, 1)));
      const readFirst = async () => (await roomy.get('/metrics')).body.match(ADMITTED)?.[1];
      while ((await readFirst()) !== '1');
      const others = await openSockets(256, roomy.url);
      for (const socket of others) socket.write(renderLines(SLOW, BODY.slice(0, 1)));
      const said = await answered;
      expect(listStatuses(said)).toEqual([408]);
      expect(said).toMatch(/^content-type: application\/problem\+json\r$/m);
      expect(said).toMatch(/^connection: close\r$/m);
      const last = others.at(-1);
      const answer = last && firstWord(last);
      last?.write(BODY.slice(1));
      expect(listStatuses((await answer) ?? '')).toEqual([201]);
      expect((await roomy.post('/v1/organizations', { name: 'Quick' })).status).toBe(201);
      expect(roomy.readLog().filter(({ level }) => level === 'error')).toEqual([]);
    } finally {
      for (const socket of sockets) socket.destroy();
      await roomy.close();
    }
  });

  it('that go while their keys are looked for take nothing from one whose body is on its way', async () => {
    const roomy = await openService(service.database.url, ROOMY);
    const keys = await openDataSource(createDataSource('test', { DATABASE_URL: service.database.url }));
    const lock = keys.createQueryRunner();
    try {
      const readFirst = async () => Number((await roomy.get('/metrics')).body.match(ADMITTED)?.[1]);
      const [patient] = await openSockets(1, roomy.url);
      if (patient === undefined) throw new Error('no socket');
      patient.write(renderLines(SLOW, BODY.slice(0, 1)));
      const readPlaces = async () => Number((await roomy.get('/metrics')).body.match(IN_FLIGHT)?.[1]);
      while ((await readFirst()) !== 1 || (await readPlaces()) !== 0);
      await lock.startTransaction();
      await lock.query('lock table api_keys in access exclusive mode');
      const hasty = await openSockets(300, roomy.url);
      for (const socket of hasty) socket.write(renderLines(SLOW, BODY.slice(0, 1)));
      while ((await readFirst()) !== 301);
      for (const socket of hasty) socket.destroy();
      await lock.rollbackTransaction();
      while ((await readPlaces()) !== 0);
      const answered = firstWord(patient);
      patient.write(BODY.slice(1));
      expect(listStatuses(await answered)).toEqual([201]);
    } finally {
      await lock.release();
      await closeDataSource(keys);
      for (const socket of sockets) socket.destroy();
      await roomy.close();
    }
  });

  it('leave nothing behind when they go in the middle', async () => {
    const slow = await openSockets(CROWD);
    for (const socket of slow) socket.write(renderLines(SLOW, BODY.slice(0, 5)));
    await service.get('/livez');
    for (const socket of slow) socket.destroy();
    expect((await service.post('/v1/organizations', { name: 'Quick' })).status).toBe(201);
    while ((await readWrites()) > 0);
    expect(service.readLog().filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('clients that read slowly', () => {
  it('hold neither a place nor a connection of the pool', async () => {
    const aggregateId = randomUUID();
    const large = { eventType: 'large', payload: { text: 'x'.repeat(8_000) } };
    await service.post('/v1/events', {
      ...{ aggregateType: 'large', aggregateId, expectedVersion: 0 },
      events: Array.from({ length: 100 }, () => large),
    });
    const request = renderLines([`GET /v1/streams/large/${aggregateId} HTTP/1.1`, 'host: x', AUTHORIZATION]);
    // Each answer is larger than what a connection takes that nobody reads.
    for (const socket of await openSockets(20)) {
      socket.pause();
      socket.write(request.repeat(10));
    }
    const readReads = () => readGauge('holdfast_http_in_flight{class="reads"}');
    while ((await readGauge('holdfast_http_admitted_total{class="reads"}')) < 20);
    while ((await readReads()) > 0 || (await readUsed()) > 0);
    expect((await service.get(`/v1/streams/large/${aggregateId}?limit=1`)).status).toBe(200);
  });
});
