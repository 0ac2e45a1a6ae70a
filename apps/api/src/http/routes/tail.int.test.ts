import { randomUUID } from 'node:crypto';
import { createDataSource, type Event, type LogFeed, openLogFeed } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { DataSource } from 'typeorm';
import type { Database } from '../../database';
import { followTail } from '../../test/follow-tail';
import { listenOn } from '../listen';
import { LongRequests } from '../long-requests';
import { logRoutes, TAIL_TIMING, type TailTiming } from './log.routes';

/** The route by itself, so that its times can be short, and what it asks of the database is seen. */
describe('a tail', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let feed: LogFeed;
  let tails: LongRequests;
  let app: FastifyInstance;
  let reads: number;

  beforeAll(async () => {
    database = await openTestDatabase();
    dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: database.url }));
  });
  afterAll(async () => {
    await closeDataSource(dataSource);
    await database.drop();
  });
  afterEach(async () => {
    await app.close();
    await feed.close();
    await dataSource.query('truncate events');
  });

  async function open(timing: Partial<TailTiming>): Promise<string> {
    reads = 0;
    feed = openLogFeed(dataSource);
    tails = new LongRequests('tails', { most: 5, reason: 'saturated', retryAfterMs: 1_000 });
    app = fastify();
    app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
    const reader = {
      within: () => reader,
      read: (_operation: string, work: (manager: DataSource['manager']) => Promise<unknown>) => {
        reads += 1;
        return work(dataSource.manager);
      },
    } as unknown as Database;
    await app.register(logRoutes(() => reader, { feed, tails, timing: { ...TAIL_TIMING, ...timing } }));
    await app.ready();
    return (await listenOn(app.server, '127.0.0.1', 0)).url;
  }

  const write = (count: number, size: number) =>
    dataSource.query(
      `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, payload)
       select 'order', $1, n, gen_random_uuid(), 'big', now(), jsonb_build_object('text', repeat('x', $3))
       from generate_series(1, $2::integer) n`,
      [randomUUID(), count, size],
    );

  it('reads no further than its client does, and cuts one that takes nothing', async () => {
    const url = await open({ stallMs: 300 });
    // 300 MB, of which a stretch is 3 MB.
    await write(10_000, 30_000);
    const tail = await followTail(`${url}/events/tail`);
    tail.response.pause();
    while (tails.count > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // What the sockets hold, and a stretch or two.
    expect(reads).toBeLessThan(20);
    tail.response.resume();
    await tail.ended;
    expect(tail.messages.length).toBeLessThan(2_000);
  });

  it('gives a client that reads all of it every event, however slowly', async () => {
    const url = await open({ stallMs: 2_000 });
    await write(600, 10_000);
    const tail = await followTail(`${url}/events/tail`);
    const pauses = setInterval(() => {
      tail.response.pause();
      setTimeout(() => tail.response.resume(), 5);
    }, 10);
    await tail.waitFor(600);
    clearInterval(pauses);
    const versions = tail.messages.map(({ data }) => (data as Event).aggregateVersion);
    expect(versions).toEqual(Array.from({ length: 600 }, (_, at) => at + 1));
    tail.close();
  });

  it('shows signs of life, and ends after its lifetime with the place to come back to', async () => {
    const url = await open({ heartbeatMs: 10, lifetimeMs: 200 });
    await write(1, 1);
    const tail = await followTail(`${url}/events/tail`);
    let blocks = 0;
    tail.response.on('data', (chunk: string) => {
      blocks += chunk.split('\n:\n').length;
    });
    await tail.ended;
    expect(blocks).toBeGreaterThan(3);
    expect(tail.messages).toMatchObject([
      { event: 'message' },
      { event: 'end', data: { reason: 'lifetime' } },
    ]);
    await write(1, 1);
    const again = await followTail(`${url}/events/tail`, { 'last-event-id': tail.lastEventId ?? '' });
    await again.waitFor(1);
    expect(again.messages).toHaveLength(1);
    again.close();
  });

  it('ends when it finds that the log was restored to an earlier state, and says so', async () => {
    const url = await open({});
    await write(3, 1);
    const tail = await followTail(`${url}/events/tail`);
    await tail.waitFor(3);
    const last = tail.messages.at(-1)?.id ?? '';
    tail.close();
    await dataSource.query('truncate events');
    await dataSource.query(`select setval('events_global_position_seq', 1, false)`);
    expect((await followTail(`${url}/events/tail?after=${last}`)).status).not.toBe(200);
  });
});
