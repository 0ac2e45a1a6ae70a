import { appendEvents, createDataSource, Event, Membership, Organization, User } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import { readDataset } from './dataset';
import { identityOf } from './identity';
import { loadExamples } from './load';

const dataset = readDataset();
const whole = { organizations: 14, users: 24, memberships: 2, events: 329 };

let database: TestDatabase;
let dataSource: DataSource;

beforeEach(async () => {
  database = await openTestDatabase();
  dataSource = await openDataSource(
    createDataSource('test', { DATABASE_URL: database.url, DATABASE_POOL_MAX: '10' }),
  );
});

afterEach(async () => {
  await closeDataSource(dataSource);
  await database.drop();
});

async function countRows() {
  const { manager } = dataSource;
  return {
    organizations: await manager.count(Organization),
    users: await manager.count(User),
    memberships: await manager.count(Membership),
    events: await manager.count(Event),
  };
}

/** Streams whose versions are not 1, 2, 3 … without a gap. */
function listBrokenStreams(): Promise<unknown[]> {
  return dataSource.query(
    `select aggregate_type, aggregate_id
     from events
     group by aggregate_type, aggregate_id
     having min(aggregate_version) <> 1 or max(aggregate_version) <> count(*)`,
  );
}

describe('loading the GitHub examples', () => {
  it('writes everything once, however often it runs', async () => {
    expect(await loadExamples(dataSource)).toEqual({ ...whole, appended: 329 });
    expect(await loadExamples(dataSource)).toEqual({ ...whole, appended: 0 });
    expect(await countRows()).toEqual(whole);
    expect(await listBrokenStreams()).toEqual([]);
  });

  it('asks one question when everything is there', async () => {
    await loadExamples(dataSource);
    const connections = jest.spyOn(dataSource.driver, 'createQueryRunner');
    await loadExamples(dataSource);
    expect(connections).toHaveBeenCalledTimes(1);
  });

  it('completes what a killed load left behind', async () => {
    const half = dataset.events.slice(0, 164);
    await loadExamples(dataSource, { dataset: { ...dataset, events: half } });
    expect(await countRows()).toMatchObject({ events: 164 });
    expect(await loadExamples(dataSource)).toEqual({ ...whole, appended: 165 });
    expect(await countRows()).toEqual(whole);
    expect(await listBrokenStreams()).toEqual([]);
  });

  it('completes what an aborted load left behind', async () => {
    const stop = new AbortController();
    const report = ({ done }: { done: number }) => done > 100 && stop.abort();
    const load = loadExamples(dataSource, { report, signal: stop.signal });
    await expect(load).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    const { events } = await countRows();
    expect(events).toBeGreaterThan(100);
    expect(events).toBeLessThan(329);
    expect(await loadExamples(dataSource)).toEqual({ ...whole, appended: 329 - events });
    expect(await listBrokenStreams()).toEqual([]);
  });

  it('writes nothing twice when three loads run at once', async () => {
    const results = await Promise.all([1, 2, 3].map(() => loadExamples(dataSource)));
    expect(results.map(({ appended }) => appended).reduce((sum, appended) => sum + appended)).toBe(329);
    expect(await countRows()).toEqual(whole);
    expect(await listBrokenStreams()).toEqual([]);
  });

  it('goes on after events of others in a stream', async () => {
    const repository = { aggregateType: 'repository', aggregateId: identityOf('repository', 186853002) };
    const foreign = { eventType: 'note.taken', payload: {} };
    await appendEvents(dataSource.manager, { ...repository, expectedVersion: 0, events: [foreign] });
    await loadExamples(dataSource);
    expect(await countRows()).toEqual({ ...whole, events: 330 });
    expect(await listBrokenStreams()).toEqual([]);
  });

  it('leaves an e-mail to the user who has it already', async () => {
    await dataSource.manager.insert(User, {
      id: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
      email: 'Username@Email.com',
    });
    await loadExamples(dataSource);
    expect(await dataSource.manager.findOneByOrFail(User, { externalId: 'github:3877742' })).toMatchObject({
      email: null,
    });
  });

  it('keeps a stream in the order in which things happened', async () => {
    await loadExamples(dataSource, { now: () => new Date('2026-01-01T00:00:00Z') });
    const outOfOrder = await dataSource.query(
      `select later.id
       from events later
       join events earlier
         on earlier.aggregate_id = later.aggregate_id
         and earlier.aggregate_version = later.aggregate_version - 1
       where later.event_timestamp < earlier.event_timestamp`,
    );
    expect(outOfOrder).toEqual([]);
    expect(
      await dataSource.manager.countBy(Event, { eventTimestamp: new Date('2026-01-01T00:00:00Z') }),
    ).toBe(18);
  });
});
