import type { EntityManager } from 'typeorm';
import { type OpenDatabase, openDatabase } from '../test/open-database';

const EVENTS = 20_000;

/** Two tags for all events: of any other one the planner expects a hundred events. */
const FILL = `
  insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, tags, payload)
  select 'order', gen_random_uuid(), 1, gen_random_uuid(), 'order.placed', now(), array['side:' || n % 2], '{}'
  from generate_series(1, ${EVENTS}) as n`;

const NOBODY_HAS = JSON.stringify([{ tags: ['username:new'] }]);
const EVERY_SECOND = JSON.stringify([{ tags: ['side:1'] }]);

describe('the check of a condition', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
    await database.dataSource.query(FILL);
    await database.dataSource.query('vacuum (analyze, index_cleanup on) events');
  });

  afterAll(() => database.close());

  /** Pages that are touched until there is one event, or none is found. */
  function touch(query: string, isCheck: boolean): Promise<number> {
    return database.dataSource.transaction(async (manager: EntityManager) => {
      const find = `select from tenancy.events_by_query('${query}', 0, null, ${isCheck}, false, 1)`;
      await manager.query(find);
      const [row] = await manager.query<[{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }]>(
        `explain (analyze, buffers, format json) ${find}`,
      );
      const { Plan } = row['QUERY PLAN'][0];
      return Number(Plan['Shared Hit Blocks']) + Number(Plan['Shared Read Blocks']);
    });
  }

  it('looks a tag that nobody has up in its index, where the first event in order would be sought along the log', async () => {
    expect(await touch(NOBODY_HAS, true)).toBeLessThan(20);
    expect(await touch(NOBODY_HAS, false)).toBeGreaterThan(200);
  });

  it('ends at the first event that it finds, however many match', async () => {
    expect(await touch(EVERY_SECOND, true)).toBeLessThan(20);
  });
});
