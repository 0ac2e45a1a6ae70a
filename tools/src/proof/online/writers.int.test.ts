import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { withClient } from '../../measurement/with-client';
import { LatencyRecord } from './latencies';
import { Writers } from './writers';

const EVENTS = `create table events (id uuid, aggregate_id uuid, aggregate_type text, aggregate_version integer, event_type text,
  event_timestamp timestamptz, organization_id uuid, user_id uuid, correlation_id uuid, tags text[], payload jsonb)`;
const WAITING = `select count(*)::integer as waiting from pg_locks where not granted and relation = 'events'::regclass`;

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase({ empty: true });
});
afterAll(() => database?.drop());

it('an append that waits while the time is cut counts where it began', async () => {
  await withClient(database.url, async (client) => {
    await client.query(EVENTS);
    await using writers = await Writers.start(database.url, 2);
    await client.query('begin');
    await client.query('lock table events');
    for (let waiting = 0; waiting < 2; ) {
      const { rows } = await client.query<{ waiting: number }>(WAITING);
      waiting = rows[0]?.waiting ?? 0;
    }
    const stopped = writers.cut();
    const before = writers.appended;
    const beforeCut = LatencyRecord.join([stopped]).appended;
    await client.query('commit');
    while (writers.appended < before + 10) await client.query('select 1');
    const after = writers.cut();
    await writers[Symbol.asyncDispose]();
    expect(LatencyRecord.join([stopped]).appended).toBe(beforeCut + 2);
    expect(LatencyRecord.join([stopped, after]).failed).toBe(0);
  });
});
