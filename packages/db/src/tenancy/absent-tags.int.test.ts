import { type OpenDatabase, openDatabase } from '../test/open-database';

const EVENTS = 20_000;

/** Two tags for all events: of any other one the planner expects a hundred events. Four of them fill a page. */
const FILL = `
  insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, tags, payload)
  select 'order', gen_random_uuid(), 1, gen_random_uuid(), 'order.placed', now(), array['side:' || n % 2],
    jsonb_build_object('text', repeat('x', 1700))
  from generate_series(1, ${EVENTS}) as n`;

describe('events of a tag that nobody has', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
    await database.dataSource.query(FILL);
    await database.dataSource.query('vacuum (analyze, index_cleanup on) events');
  });

  afterAll(() => database.close());

  const check = (tag: string) => `tenancy.events_by_query('[{"tags": ["${tag}"]}]', 0, null, true, false, 1)`;
  const part = (tag: string) => `tenancy.events_by_query('[{"tags": ["${tag}"]}]', 0, null, false, false, 2)`;
  const page = (tag: string) => `tenancy.events_by_tags(array['${tag}'], 1000000, 2)`;
  const plain = (tag: string) =>
    `(select * from events where tags @> array['${tag}'] order by global_position limit 2) as plain`;

  /** Pages that are touched once the functions are known to the session. */
  function touch(rows: string): Promise<number> {
    return database.dataSource.transaction(async (manager) => {
      await manager.query(`select from ${rows}`);
      const [row] = await manager.query<[{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }]>(
        `explain (analyze, buffers, format json) select from ${rows}`,
      );
      const { Plan } = row['QUERY PLAN'][0];
      return Number(Plan['Shared Hit Blocks']) + Number(Plan['Shared Read Blocks']);
    });
  }

  it('are sought along the whole log by a plain statement that asks for few of them', async () => {
    expect(await touch(plain('username:new'))).toBeGreaterThan(200);
  });

  it.each([
    ['the check of a condition', check],
    ['a part of few events by query', part],
    ['a page of few events by tags', page],
  ])('are looked up in the index of tags by %s, which reads no further than its rows', async (_, rows) => {
    expect(await touch(rows('username:new'))).toBeLessThan(20);
    expect(await touch(rows('side:1'))).toBeLessThan(20);
  });
});
