import { newId } from '../new-id';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { createLogAnnouncer } from './announcements';
import { type LogFeed, openLogFeed } from './log-feed';
import type { SettledPosition } from './watermark';

const FOREVER_MS = 600_000;

describe('openLogFeed', () => {
  let database: OpenDatabase;
  let feed: LogFeed;

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(async () => {
    await feed.close();
    await database.close();
  });

  const write = () =>
    database.dataSource.query(
      `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, payload)
       values ('order', $1, 1, $2, 'x', now(), '{}')`,
      [newId(), newId()],
    );
  const wait = (seen?: SettledPosition, signal = new AbortController().signal, longestMs = FOREVER_MS) =>
    feed.wait({ seen, signal, longestMs });
  it('wakes all who wait with one look, by an announcement or by itself', async () => {
    feed = openLogFeed(database.dataSource, { pollMs: FOREVER_MS });
    const announcer = createLogAnnouncer(database.dataSource);
    const first = await wait();
    const waiting = Array.from({ length: 20 }, () => wait(first?.settled));
    await write();
    const announcing = setInterval(() => announcer.announce(), 20);
    const readings = await Promise.all(waiting);
    clearInterval(announcing);
    await announcer.close();
    expect(new Set(readings).size).toBe(1);
    expect(BigInt(readings[0]?.settled.position ?? 0)).toBe(1n);
  });

  it('finds by itself what nobody announced', async () => {
    feed = openLogFeed(database.dataSource, { pollMs: 20 });
    const first = await wait();
    const waiting = wait(first?.settled);
    await write();
    expect((await waiting)?.settled.position).toBe('1');
  });

  it('gives up after the time, at an abort and when it is closed', async () => {
    feed = openLogFeed(database.dataSource, { pollMs: 5 });
    const first = await wait();
    expect(await wait(first?.settled, undefined, 30)).toBeUndefined();
    const aborting = new AbortController();
    const aborted = wait(first?.settled, aborting.signal);
    aborting.abort();
    expect(await aborted).toBeUndefined();
    expect(await wait(first?.settled, aborting.signal)).toBeUndefined();
    const last = wait(first?.settled);
    await feed.close();
    expect(await last).toBeUndefined();
    expect(await wait()).toBeUndefined();
  });

  it('waits while a writer holds the log back, and says when it has ended', async () => {
    feed = openLogFeed(database.dataSource, { pollMs: FOREVER_MS, heldBackMs: 5 });
    const first = await wait();
    const runner = database.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(
        `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, payload)
         values ('order', $1, 1, $2, 'x', now(), '{}')`,
        [newId(), newId()],
      );
      await feed.close();
      feed = openLogFeed(database.dataSource, { pollMs: 200, heldBackMs: 5 });
      expect(await wait(first?.settled, undefined, 100)).toBeUndefined();
      const waiting = wait(first?.settled);
      await runner.commitTransaction();
      expect((await waiting)?.settled.position).toBe('1');
    } finally {
      await runner.release();
    }
  });
});
