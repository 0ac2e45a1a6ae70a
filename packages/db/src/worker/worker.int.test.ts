import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constant } from '@holdfast/resilience';
import type { Event } from '../entities/event.entity';
import { appendEvents } from '../event-store/append';
import { createLogAnnouncer } from '../log/announcements';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { listDeadLetters, replayDeadLetter } from './dead-letters';
import type { EventHandler } from './event-handler';
import { runEventWorker } from './run-event-worker';
import type { EventWorkerOptions } from './worker-options';

const TYPE = 'account.changed';

describe.each(['lock', 'lease'] as const)('a worker that claims by %s', (claims) => {
  let database: OpenDatabase;
  const stopping = new Set<() => Promise<unknown>>();

  beforeEach(async () => {
    database = await openDatabase();
    await database.dataSource.query(
      'create table effects (event_id uuid, stream uuid, version integer, n serial)',
    );
  });

  afterEach(async () => {
    await Promise.all([...stopping].map((stop) => stop()));
    stopping.clear();
    await database.close();
  });

  const append = async (count = 1, aggregateId: string = randomUUID(), expectedVersion = 0) => {
    const { events } = await appendEvents(database.dataSource.manager, {
      aggregateType: 'account',
      aggregateId,
      expectedVersion,
      events: Array.from({ length: count }, () => ({ eventType: TYPE, payload: { secret: 'payload' } })),
    });
    return { aggregateId, ids: events.map(({ id }) => id) };
  };
  const note: EventHandler = async (event, { manager }) => {
    await manager.query('insert into effects (event_id, stream, version) values ($1, $2, $3)', [
      event.id,
      event.aggregateId,
      event.aggregateVersion,
    ]);
  };
  const start = (handler: EventHandler, options: Partial<EventWorkerOptions> = {}) => {
    const stopper = new AbortController();
    const ended = runEventWorker(database.dataSource, {
      handlers: { [TYPE]: handler },
      claims,
      pollMs: 20,
      backoff: constant(1),
      ...options,
      signal: stopper.signal,
    });
    const stop = () => {
      stopper.abort();
      return ended;
    };
    stopping.add(stop);
    return { stop };
  };
  const ask = async <T>(question: string): Promise<T> => {
    const [row] = await database.dataSource.query(question);
    return Object.values(row)[0] as T;
  };
  const backlog = () =>
    ask<number>('select count(*)::integer from events where not processed and retry_count < 5');
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const drained = () => until(async () => (await backlog()) === 0);
  const effects = (): Promise<{ event_id: string; stream: string; version: number }[]> =>
    database.dataSource.query('select event_id, stream, version from effects order by n');

  it('handles each event once and in the order of its stream, with others beside it', async () => {
    const streams = await Promise.all(Array.from({ length: 12 }, () => append(15)));
    const workers = Array.from({ length: 3 }, () => start(note, { batchSize: 7 }));
    await drained();
    const reports = await Promise.all(workers.map(({ stop }) => stop()));
    expect(reports.reduce((sum, { done }) => sum + done, 0)).toBe(180);
    const rows = await effects();
    expect(rows).toHaveLength(180);
    for (const { aggregateId } of streams) {
      const versions = rows.filter(({ stream }) => stream === aggregateId).map(({ version }) => version);
      expect(versions).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
    }
    expect(await ask('select count(*)::integer from event_leases')).toBe(0);
  });

  it('is not stopped by an event that fails, which becomes a dead letter and holds back its stream until then', async () => {
    const bad = await append(3);
    const good = await append(3);
    const poison = bad.ids[1];
    const attempts: number[] = [];
    const handler: EventHandler = async (event, context) => {
      await note(event, context);
      if (event.id !== poison) return;
      attempts.push(context.attempt);
      if (claims === 'lease')
        await context.manager.query('delete from effects where event_id = $1', [event.id]);
      await context.manager.query('select 1 / 0');
    };
    const { stop } = start(handler);
    await drained();
    await stop();
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    const rows = await effects();
    const of = (stream: string) => rows.filter((row) => row.stream === stream).map(({ version }) => version);
    expect(of(good.aggregateId)).toEqual([1, 2, 3]);
    expect(of(bad.aggregateId)).toEqual([1, 3]);
    const { items } = await listDeadLetters(database.dataSource.manager);
    expect(items).toMatchObject([{ id: poison, retryCount: 5 }]);
    expect((items[0] as Event).lastError).toBe('QueryFailedError 22012');
  });

  it('holds back what comes after an event that waits for another attempt', async () => {
    const { aggregateId } = await append(4);
    let hasFailed = false;
    const { stop } = start(async (event, context) => {
      if (event.aggregateVersion === 2 && !hasFailed) {
        hasFailed = true;
        throw new Error('not yet');
      }
      await note(event, context);
    });
    await drained();
    await stop();
    expect(hasFailed).toBe(true);
    expect((await effects()).map(({ stream, version }) => [stream, version])).toEqual(
      [1, 2, 3, 4].map((version) => [aggregateId, version]),
    );
  });

  it('handles a dead letter anew when it is replayed', async () => {
    const { ids } = await append();
    let isBroken = true;
    const handler: EventHandler = async (event, context) => {
      const cause = Object.assign(new Error('ada@example.com'), { name: 'Broken', code: 'ada@example.com' });
      if (isBroken) throw new TypeError(`\u0000 half \ud800 of ada@example.com`, { cause });
      await note(event, context);
    };
    start(handler);
    await drained();
    const { items } = await listDeadLetters(database.dataSource.manager);
    // What an error says may be a value of a row: of all of them, only class and code are kept.
    expect(items.map(({ id, lastError }) => [id, lastError])).toEqual([[ids[0], 'TypeError, by Broken']]);
    isBroken = false;
    const [id] = ids as [string];
    await expect(replayDeadLetter(database.dataSource.manager, id)).resolves.toBe(true);
    await drained();
    await expect(replayDeadLetter(database.dataSource.manager, id)).resolves.toBe(false);
    expect((await effects()).map(({ event_id }) => event_id)).toEqual([id]);
  });

  it('stops after the event in hand, and leaves the rest', async () => {
    await append(10);
    let stop: () => Promise<unknown> = async () => {};
    let stopped: Promise<unknown> | undefined;
    ({ stop } = start(async (event, context) => {
      await note(event, context);
      stopped ??= stop();
    }));
    await until(async () => stopped !== undefined);
    await stopped;
    expect(await effects()).toHaveLength(1);
    expect(await backlog()).toBe(9);
    expect(await ask('select count(*)::integer from event_leases where lease_until > now()')).toBe(0);
  });

  it('is woken by an announcement', async () => {
    const announcer = createLogAnnouncer(database.dataSource);
    start(note, { pollMs: 3_600_000 });
    // Until it listens an announcement is lost on it, as it would be while its connection is.
    await until(() =>
      ask(
        `select exists (select from pg_stat_activity where query = 'listen holdfast_events' and state = 'idle')`,
      ),
    );
    await append();
    announcer.announce();
    await drained();
    await announcer.close();
  });

  it('that is killed in the middle of a batch loses nothing', async () => {
    for (let n = 0; n < 5; n++) await append(4);
    // Prints each event that it begins, and hangs at the third.
    const program = `
      const { createDataSource, runEventWorker } = require('@holdfast/db');
      (async () => {
        const dataSource = await createDataSource('test', { DATABASE_URL: process.argv[1] }).initialize();
        let count = 0;
        await runEventWorker(dataSource, {
          claims: process.argv[2], leaseMs: 500, signal: new AbortController().signal,
          handlers: { '${TYPE}': async (event, { manager }) => {
            await manager.query('insert into effects (event_id, stream, version) values ($1, $2, $3)',
              [event.id, event.aggregateId, event.aggregateVersion]);
            if (++count < 3) return;
            process.stdout.write('third');
            await new Promise(() => {});
          } },
        });
      })();`;
    const child = spawn(process.execPath, ['-e', program, database.url, claims], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    start(note);
    await drained();
    const ids = (await effects()).map(({ event_id }) => event_id);
    expect(new Set(ids).size).toBe(20);
    // A lease does not undo the effects of an attempt that was cut off; the key of the attempt tells.
    expect(ids).toHaveLength(claims === 'lock' ? 20 : 21);
  });
});

describe('a worker whose lease was taken over', () => {
  it('does not mark the event, which is handled again', async () => {
    const database = await openDatabase();
    const stopper = new AbortController();
    try {
      await appendEvents(database.dataSource.manager, {
        aggregateType: 'account',
        aggregateId: randomUUID(),
        expectedVersion: 0,
        events: [{ eventType: TYPE, payload: {} }],
      });
      let calls = 0;
      const report = await runEventWorker(database.dataSource, {
        claims: 'lease',
        pollMs: 10,
        signal: stopper.signal,
        handlers: {
          [TYPE]: async (_, { manager }) => {
            calls += 1;
            if (calls > 1) return stopper.abort();
            await manager.query(
              `update event_leases set token = gen_random_uuid(), lease_until = now() + interval '100 ms'`,
            );
          },
        },
      });
      expect([calls, report]).toEqual([2, { done: 1, failed: 0 }]);
    } finally {
      stopper.abort();
      await database.close();
    }
  });
});

describe('a worker without anything to do', () => {
  it('looks with one statement that reads a page or two', async () => {
    const database = await openDatabase();
    try {
      for (let n = 0; n < 50; n++) {
        await appendEvents(database.dataSource.manager, {
          aggregateType: 'account',
          aggregateId: randomUUID(),
          expectedVersion: 0,
          events: [{ eventType: TYPE, payload: {} }],
        });
      }
      await database.dataSource.query('update events set processed = true');
      await database.dataSource.query('vacuum analyze events');
      const sent: string[] = [];
      const stopper = new AbortController();
      jest.spyOn(database.dataSource.logger, 'logQuery').mockImplementation((query) => {
        sent.push(query);
        if (sent.length === 3) stopper.abort();
      });
      await runEventWorker(database.dataSource, { handlers: {}, pollMs: 1, signal: stopper.signal });
      expect(new Set(sent).size).toBe(1);
      const [{ 'QUERY PLAN': plan }] = await database.dataSource.query(
        `explain (analyze, buffers, format json) ${sent[0]}`,
      );
      expect(plan[0].Plan['Shared Hit Blocks'] + plan[0].Plan['Shared Read Blocks']).toBeLessThanOrEqual(2);
    } finally {
      jest.restoreAllMocks();
      await database.close();
    }
  });
});
