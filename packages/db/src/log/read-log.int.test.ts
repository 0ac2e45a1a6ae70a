import { randomUUID } from 'node:crypto';
import { copyIn } from '@holdfast/postgres';
import pg from 'pg';
import { Event } from '../entities/event.entity';
import { appendEvents } from '../event-store/append';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { readLog } from './read-log';
import { createLogWatermark } from './watermark';

const event = { eventType: 'account.opened', payload: {} };

describe('a reader of the log', () => {
  let database: OpenDatabase;
  const sessions: pg.Client[] = [];

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.end()));
    await database.close();
  });

  const openSession = async (): Promise<pg.Client> => {
    const session = new pg.Client({ connectionString: database.url });
    sessions.push(session);
    await session.connect();
    return session;
  };
  const insert = (session: pg.Client, id: string = randomUUID(), version = 1) =>
    session
      .query(
        `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, payload)
        values ('account', $1, $2, $3, 'account.opened', now(), '{}') returning global_position`,
        [id, version, randomUUID()],
      )
      .then(({ rows }) => rows[0].global_position as string);
  const copied = (aggregateVersion: number) => ({
    aggregateType: 'account',
    aggregateId: randomUUID(),
    aggregateVersion,
    id: randomUUID(),
    eventType: 'account.copied',
    eventTimestamp: new Date(),
    payload: {},
  });
  const append = () =>
    appendEvents(database.dataSource.manager, {
      aggregateType: 'account',
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [event],
    });
  const countEvents = async (): Promise<number> => {
    const [row] = await database.dataSource.query('select count(*)::integer as n from events');
    return row.n;
  };
  /** Reads as someone who comes back again and again. */
  const openReader = () => {
    let after: string | undefined;
    const watermark = createLogWatermark();
    const seen: string[] = [];
    return {
      seen,
      async look() {
        const stretch = await readLog(database.dataSource, { after, watermark });
        after = stretch.cursor;
        seen.push(...stretch.events.map(({ globalPosition }) => globalPosition));
        return stretch;
      },
    };
  };
  /** What a reader sees who goes on from the last position that it saw. */
  const openNaiveReader = () => {
    const seen: string[] = [];
    return {
      seen,
      async look() {
        const rows = await database.dataSource.query(
          'select global_position as at from events where global_position > $1 order by 1',
          [seen.at(-1) ?? '0'],
        );
        seen.push(...rows.map(({ at }: { at: string }) => at));
      },
    };
  };

  it('sees at once what was appended, where nothing else runs', async () => {
    const { events } = await append();
    const reader = openReader();
    await expect(reader.look()).resolves.toMatchObject({ lag: 0, heldBackBy: undefined });
    expect(reader.seen).toEqual([events[0]?.globalPosition]);
  });

  it('waits for an earlier position that becomes visible later, which a naive one skips', async () => {
    const slow = await openSession();
    await slow.query('begin');
    const first = await insert(slow);
    const second = (await append()).events[0]?.globalPosition;
    const [reader, naive] = [openReader(), openNaiveReader()];
    const stretch = await reader.look();
    await naive.look();
    expect(stretch).toMatchObject({ events: [], lag: 2, heldBackBy: expect.stringMatching(/^\d+$/) });
    await slow.query('commit');
    await reader.look();
    await naive.look();
    expect(reader.seen).toEqual([first, second]);
    expect(naive.seen).toEqual([second]);
  });

  // A snapshot's xmax is one past the last id that has ended: a transaction that runs may lie beyond it.
  it('waits for a transaction that is newer than all that have ended', async () => {
    const slow = await openSession();
    await slow.query('begin');
    const first = await insert(slow);
    const reader = openReader();
    await reader.look();
    await reader.look();
    expect(reader.seen).toEqual([]);
    const [row] = await database.dataSource.query(
      `select pg_snapshot_xmin(s) >= pg_snapshot_xmax(s) as "looksDone" from pg_current_snapshot() s`,
    );
    expect(row).toEqual({ looksDone: true });
    await slow.query('commit');
    await reader.look();
    expect(reader.seen).toEqual([first]);
  });

  it('is held back by a transaction that wrote elsewhere, says so, and loses nothing', async () => {
    await database.dataSource.query('create table elsewhere (n integer)');
    const slow = await openSession();
    await slow.query('begin');
    await slow.query('insert into elsewhere values (1)');
    const { rows } = await slow.query('select pg_current_xact_id()::text as id');
    const early = (await append()).events[0]?.globalPosition;
    const reader = openReader();
    await expect(reader.look()).resolves.toMatchObject({ lag: 1, heldBackBy: rows[0].id });
    const late = await insert(slow);
    await expect(reader.look()).resolves.toMatchObject({ events: [], lag: 2 });
    await slow.query('commit');
    await reader.look();
    await reader.look();
    expect(reader.seen).toEqual([early, late]);
  });

  it('goes on past what was rolled back', async () => {
    const slow = await openSession();
    await slow.query('begin');
    await insert(slow);
    const kept = (await append()).events[0]?.globalPosition;
    const reader = openReader();
    await reader.look();
    await slow.query('rollback');
    await expect(reader.look()).resolves.toMatchObject({ lag: 0 });
    expect(reader.seen).toEqual([kept]);
  });

  it('waits for a COPY, which takes its positions long before it commits', async () => {
    const slow = database.dataSource.createQueryRunner();
    try {
      await slow.startTransaction();
      await copyIn(slow.manager, Event, [1, 2, 3].map(copied));
      const later = (await append()).events[0]?.globalPosition;
      const reader = openReader();
      await reader.look();
      expect(reader.seen).toEqual([]);
      await slow.commitTransaction();
      await reader.look();
      expect(reader.seen).toHaveLength(4);
      expect(reader.seen.at(-1)).toBe(later);
    } finally {
      await slow.release();
    }
  });

  it('sees each event once and in order while many sessions write, commit late and roll back', async () => {
    const writers = await Promise.all(Array.from({ length: 8 }, openSession));
    const reader = openReader();
    let isWriting = true;
    const writing = Promise.all(
      writers.map(async (session, at) => {
        for (let round = 0; round < 60; round++) {
          const id = randomUUID();
          await session.query('begin');
          await insert(session, id);
          if ((round + at) % 3 === 0) await session.query('select pg_sleep(0.002)');
          await insert(session, id, 2);
          await session.query((round + at) % 5 === 0 ? 'rollback' : 'commit');
        }
      }),
    ).finally(() => {
      isWriting = false;
    });
    while (isWriting) await reader.look();
    await writing;
    await reader.look();
    await expect(reader.look()).resolves.toMatchObject({ lag: 0 });
    const sorted = [...reader.seen].sort((a, b) => Number(a) - Number(b));
    expect(reader.seen).toEqual(sorted);
    expect(new Set(reader.seen).size).toBe(reader.seen.length);
    expect(reader.seen).toHaveLength(await countEvents());
  });

  it('is told so where its role may not see how far the log has come', async () => {
    await append();
    const role = `reader_${randomUUID().replaceAll('-', '')}`;
    const runner = database.dataSource.createQueryRunner();
    try {
      await runner.query(`create role ${role}`);
      await runner.query(`grant select on events to ${role}`);
      await runner.query(`set role ${role}`);
      await expect(createLogWatermark().advance(runner.manager)).rejects.toMatchObject({
        code: 'HOLDFAST_LOG_PRIVILEGE',
      });
      await runner.query('reset role');
      await runner.query(`grant usage on sequence events_global_position_seq to ${role}`);
      await runner.query(`set role ${role}`);
      await expect(createLogWatermark().advance(runner.manager)).resolves.toMatchObject({ last: '1' });
    } finally {
      await runner.query('reset role');
      await runner.query(`drop owned by ${role}`);
      await runner.query(`drop role ${role}`);
      await runner.release();
    }
  });

  it('reads in stretches, and refuses a cursor of another list', async () => {
    for (let n = 0; n < 5; n++) await append();
    const first = await readLog(database.dataSource, { limit: 3 });
    expect(first.events).toHaveLength(3);
    expect(first.lag).toBe(2);
    const second = await readLog(database.dataSource, { limit: 3, after: first.cursor });
    expect(second.events).toHaveLength(2);
    await expect(readLog(database.dataSource, { after: 'bm9uc2Vuc2U' })).rejects.toMatchObject({
      code: 'HOLDFAST_INVALID_CURSOR',
    });
  });
});

describe('the position of an event', () => {
  it('is taken after the id of its transaction, in every way to write one', async () => {
    const database = await openDatabase();
    try {
      // Without cache a session holds no positions that it has not used.
      const [row] = await database.dataSource.query(`
        select
          (select seqcache from pg_sequence where seqrelid = 'events_global_position_seq'::regclass)::integer as cache,
          (
            select array_agg(attname::text order by attnum)
            from pg_attribute
            where attrelid = 'events'::regclass and attname in ('global_position', 'transaction_id')
          ) as columns`);
      expect(row).toEqual({ cache: 1, columns: ['transaction_id', 'global_position'] });
    } finally {
      await database.close();
    }
  });
});
