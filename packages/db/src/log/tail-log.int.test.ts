import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { appendEvents } from '../event-store/append';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { createLogAnnouncer, EVENTS_CHANNEL } from './announcements';
import { type TailLogOptions, tailLog } from './tail-log';

const FOREVER_MS = 3_600_000;

describe('tailLog', () => {
  let database: OpenDatabase;

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(() => database.close());

  const append = async (): Promise<string> => {
    const { events } = await appendEvents(database.dataSource.manager, {
      aggregateType: 'account',
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [{ eventType: 'account.opened', payload: {} }],
    });
    return events[0]?.globalPosition as string;
  };
  /** Follows the log until it is stopped. */
  const follow = (options: Omit<TailLogOptions, 'signal'>) => {
    const stopper = new AbortController();
    const seen: string[] = [];
    const cursors: string[] = [];
    const ended = (async () => {
      for await (const { events, cursor } of tailLog(database.dataSource, {
        ...options,
        signal: stopper.signal,
      })) {
        seen.push(...events.map(({ globalPosition }) => globalPosition));
        cursors.push(cursor);
      }
    })();
    return {
      seen,
      cursors,
      stop: () => {
        stopper.abort();
        return ended;
      },
    };
  };
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const listeners = (): Promise<{ pid: number }[]> =>
    database.dataSource.query(
      `select pid from pg_stat_activity
      where query = 'listen ${EVENTS_CHANNEL}' and state = 'idle' and datname = current_database()`,
    );

  it('gives what is there and what comes, and ends without an error when it is told to', async () => {
    const first = await append();
    const tail = follow({ pollMs: 20 });
    await until(() => tail.seen.length === 1);
    const second = await append();
    await until(() => tail.seen.length === 2);
    await tail.stop();
    expect(tail.seen).toEqual([first, second]);
    expect(await listeners()).toEqual([]);

    const third = await append();
    const later = follow({ after: tail.cursors.at(-1), pollMs: 20 });
    await until(() => later.seen.length > 0);
    await later.stop();
    expect(later.seen).toEqual([third]);
  });

  it('is woken by an announcement, long before it would look by itself', async () => {
    const tail = follow({ pollMs: FOREVER_MS });
    await until(async () => (await listeners()).length === 1);
    const announcer = createLogAnnouncer(database.dataSource);
    const position = await append();
    announcer.announce();
    await until(() => tail.seen.length === 1);
    expect(tail.seen).toEqual([position]);
    await announcer.close();
    await tail.stop();
  });

  it('finds by looking what no announcement tells, also with its listener gone', async () => {
    const tail = follow({ pollMs: 20 });
    await until(async () => (await listeners()).length === 1);
    const [listener] = await listeners();
    await database.dataSource.query('select pg_terminate_backend($1)', [listener?.pid]);
    const position = await append();
    await until(() => tail.seen.length === 1);
    expect(tail.seen).toEqual([position]);
    await tail.stop();
  });

  it('comes back by itself to what was held back', async () => {
    const slow = new pg.Client({ connectionString: database.url });
    await slow.connect();
    try {
      await slow.query('begin');
      await slow.query('select pg_current_xact_id()');
      const tail = follow({ pollMs: 500, heldBackMs: 5 });
      const position = await append();
      await until(async () => (await listeners()).length === 1);
      expect(tail.seen).toEqual([]);
      await slow.query('commit');
      await until(() => tail.seen.length === 1);
      expect(tail.seen).toEqual([position]);
      await tail.stop();
    } finally {
      await slow.end();
    }
  });
});

describe('an announcer', () => {
  it('sends the first at once, and many as one more', async () => {
    const database = await openDatabase();
    const heard: unknown[] = [];
    const session = new pg.Client({ connectionString: database.url });
    try {
      await session.connect();
      session.on('notification', (notification) => heard.push(notification));
      await session.query(`listen ${EVENTS_CHANNEL}`);
      const announcer = createLogAnnouncer(database.dataSource, { minIntervalMs: 100 });
      for (let n = 0; n < 50; n++) announcer.announce();
      while (heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      await announcer.close();
      announcer.announce();
      await session.query('select 1');
      // One while the first was under way or rested, and no more than that.
      expect(heard).toHaveLength(2);
    } finally {
      await session.end();
      await database.close();
    }
  });

  it('tells the logger of a failure, and nobody else', async () => {
    const database = await openDatabase();
    const told: string[] = [];
    const tell = (message: string) => told.push(message);
    const logger = { debug: tell, info: tell, warn: tell, error: tell };
    const announcer = createLogAnnouncer(database.dataSource, { minIntervalMs: 1, logger });
    await database.close();
    announcer.announce();
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told).toEqual(['Appended events could not be announced']);
    await announcer.close();
  });
});
