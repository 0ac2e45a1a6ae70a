import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRepository } from '@holdfast/postgres';
import { constant } from '@holdfast/resilience';
import { Event } from '../entities/event.entity';
import { appendEvents } from '../event-store/append';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { claimByLeases } from './claim-events';
import type { EventHandler } from './event-handler';
import { runEventWorker } from './run-event-worker';
import type { EventWorkerOptions } from './worker-options';

const TYPE = 'account.changed';

/** Asked through a compiled repository, which sends it past the query runner. */
const BY_REPOSITORY = `select e.* from events e where set_config('timezone', 'Asia/Kathmandu', true) is null`;

describe.each(['lock', 'lease'] as const)('claims by %s', (claims) => {
  let database: OpenDatabase;
  let stopper: AbortController;
  let ended: Promise<unknown>;

  beforeEach(async () => {
    database = await openDatabase();
    stopper = new AbortController();
    ended = Promise.resolve();
    await database.dataSource.query('create table effects (version integer, n serial)');
  });

  afterEach(async () => {
    stopper.abort();
    await ended;
    await database.close();
  });

  const append = (count: number, aggregateId: string = randomUUID()) =>
    appendEvents(database.dataSource.manager, {
      aggregateType: 'account',
      aggregateId,
      expectedVersion: 0,
      events: Array.from({ length: count }, () => ({ eventType: TYPE, payload: {} })),
    });
  const note: EventHandler = async ({ aggregateVersion }, { manager }) => {
    await manager.query('insert into effects (version) values ($1)', [aggregateVersion]);
  };
  const start = (handler: EventHandler, options: Partial<EventWorkerOptions> = {}): void => {
    ended = runEventWorker(database.dataSource, {
      handlers: { [TYPE]: handler },
      claims,
      pollMs: 20,
      backoff: constant(1),
      signal: stopper.signal,
      ...options,
    });
  };
  const drained = async (): Promise<void> => {
    const backlog = 'select from events where not processed and retry_count < 5 limit 1';
    while ((await database.dataSource.query(backlog)).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const effects = async (): Promise<number[]> =>
    (await database.dataSource.query('select version from effects order by n')).map(
      ({ version }: { version: number }) => version,
    );

  it('hand out each event once, also where a replayed one stands before others that are done', async () => {
    await append(5);
    await database.dataSource.query('update events set processed = true where aggregate_version in (2, 3)');
    start(note);
    await drained();
    stopper.abort();
    await ended;
    expect((await effects()).sort()).toEqual([1, 4, 5]);
  });

  it('are not stopped by an event whose effects the commit refuses: it is counted, and in the end given up on', async () => {
    await database.dataSource.query(`
      create table accounts (version integer primary key);
      insert into accounts values (1), (3), (4);
      alter table effects add foreign key (version) references accounts deferrable initially deferred`);
    await append(4);
    start(note);
    await drained();
    stopper.abort();
    await ended;
    expect(await effects()).toEqual([1, 3, 4]);
    const [letter] = await database.dataSource.query(
      'select aggregate_version as version, retry_count as n, last_error from events where not processed',
    );
    expect(letter).toMatchObject({ version: 2, n: 5, last_error: expect.stringContaining('23503') });
  });

  it.each([
    `set local timezone to 'Asia/Kathmandu'`,
    `/* for its reports */ SET LOCAL timezone to 'Asia/Kathmandu'`,
    `select set_config('timezone', 'Asia/Kathmandu', true)`,
    BY_REPOSITORY,
  ])('let no handler see what another has set: %s', async (statement) => {
    await append(3);
    const seen: string[] = [];
    start(async (event, { manager }) => {
      const [{ zone }] = await manager.query(`select current_setting('timezone') as zone`);
      seen.push(zone);
      if (statement === BY_REPOSITORY) await createRepository(manager, Event).query(statement);
      else await manager.query(statement);
      // Control: for the handler itself it holds, where there is a transaction.
      const [own] = await manager.query(`select current_setting('timezone') as zone`);
      expect(own.zone).toBe(claims === 'lock' ? 'Asia/Kathmandu' : 'UTC');
      await note(event, { manager } as never);
    });
    await drained();
    stopper.abort();
    await ended;
    expect(seen).toEqual(['UTC', 'UTC', 'UTC']);
    expect((await effects()).sort()).toEqual([1, 2, 3]);
  });

  it('leave an event without a handler to be found among the dead letters, unless nothing follows from it', async () => {
    await append(2);
    start(note, { handlers: {} });
    await drained();
    const readMarks = () =>
      database.dataSource.query(
        'select processed, retry_count as n, last_error as error from events order by aggregate_version',
      );
    const unhandled = {
      processed: false,
      n: 5,
      error: 'NoEventHandlerError HOLDFAST_NO_EVENT_HANDLER',
    };
    expect(await readMarks()).toEqual([unhandled, unhandled]);
    stopper.abort();
    await ended;
    stopper = new AbortController();
    await database.dataSource.query('update events set retry_count = 0, last_error = null');
    start(note, { handlers: {}, otherTypes: 'done' });
    await drained();
    const done = { processed: true, n: 0, error: null };
    expect(await readMarks()).toEqual([done, done]);
  });

  it('hand what no handler names to the handler for all others, and nothing else', async () => {
    await append(2);
    await database.dataSource.query(
      `update events set event_type = 'account.unknown' where aggregate_version = 2`,
    );
    start(async () => undefined, { otherTypes: note });
    await drained();
    stopper.abort();
    await ended;
    expect(await effects()).toEqual([2]);
    const wrong = { handlers: {}, otherTypes: 'skip' as 'done', signal: stopper.signal };
    await expect(runEventWorker(database.dataSource, wrong)).rejects.toThrow(/'fail', 'done' or a handler/);
  });

  it.each([Number.POSITIVE_INFINITY, Number.NaN, -1])(
    'count a failure also where the wait after it is drawn as %d',
    async (delayMs) => {
      await append(1);
      const attempts: number[] = [];
      const drawDelayMs = () => delayMs;
      start(
        async (_, { attempt }) => {
          attempts.push(attempt);
          throw new Error('not yet');
        },
        { backoff: { drawDelayMs, drawSlowDelayMs: drawDelayMs } },
      );
      const counted = 'select from events where retry_count > 0';
      while ((await database.dataSource.query(counted)).length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      stopper.abort();
      await ended;
      expect(attempts).toEqual(attempts.map((_, at) => at + 1));
    },
  );
});

describe('claims by lease', () => {
  let database: OpenDatabase;

  beforeEach(async () => {
    database = await openDatabase();
    await appendEvents(database.dataSource.manager, {
      aggregateType: 'account',
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [{ eventType: TYPE, payload: {} }],
    });
  });

  afterEach(() => database.close());

  it('leave no note of an event that another worker finished meanwhile', async () => {
    const { dataSource } = database;
    await dataSource.query(`
      create function finish() returns trigger language plpgsql as $$
      begin
        update events set processed = true;
        return new;
      end $$;
      create trigger finish before insert on event_leases for each row execute function finish()`);
    const claimed = await claimByLeases(dataSource.manager, 10, { token: randomUUID(), leaseMs: 60_000 });
    expect(claimed).toEqual([]);
    expect(await dataSource.query('select * from event_leases')).toEqual([]);
  });

  it('tell a handler when its event was taken over while it ran', async () => {
    const stopper = new AbortController();
    const reasons: unknown[] = [];
    const report = await runEventWorker(database.dataSource, {
      claims: 'lease',
      leaseMs: 300,
      pollMs: 10,
      signal: stopper.signal,
      handlers: {
        [TYPE]: async (_, { manager, signal }) => {
          await manager.query(
            `update event_leases set token = gen_random_uuid(), lease_until = now() + interval '1 h'`,
          );
          await once(signal, 'abort');
          reasons.push(signal.reason);
          stopper.abort();
        },
      },
    });
    expect(reasons).toEqual([new Error('the lease of the event was lost')]);
    expect(report).toEqual({ done: 0, failed: 0 });
    const rows = await database.dataSource.query('select processed, retry_count as n from events');
    expect(rows).toEqual([{ processed: false, n: 0 }]);
  });
});
