import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { appendEvents } from './append';
import type { NewEvent } from './append-request';
import { appendToStreams } from './append-to-streams';
import type { EventQuery } from './event-query';
import { readByQuery } from './read-by-query';
import type { AppendCondition } from './streams-append-request';

const opened: NewEvent = { eventType: 'account.opened', payload: {} };

describe('appendToStreams', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterAll(() => database.close());

  const manager = (): EntityManager => database.dataSource.manager;
  const stream = (events: NewEvent[], aggregateId: string = randomUUID(), expectedVersion = 0) => ({
    aggregateType: 'account',
    aggregateId,
    expectedVersion,
    events,
  });
  const claim = (
    tag: string,
    condition: AppendCondition = { query: [{ tags: [tag] }] },
    within: EntityManager = manager(),
  ) => appendToStreams(within, { streams: [stream([{ ...opened, tags: [tag] }])], condition });
  const countTagged = async (tag: string): Promise<number> => {
    const [row] = await database.dataSource.query(
      'select count(*)::integer as n from events where tags @> array[$1]',
      [tag],
    );
    return row.n;
  };
  const FAILED = { code: 'HOLDFAST_CONDITION_FAILED' };

  describe('without a condition', () => {
    it('writes to several streams, and tells of each in the order of the request', async () => {
      const [a, b] = [stream([opened, opened], 'ffffffff-0000-7000-8000-000000000001'), stream([opened])];
      const result = await appendToStreams(manager(), { streams: [a, b] });
      expect(result.appended).toBe(true);
      expect(result.streams.map((events) => events.map(({ aggregateVersion }) => aggregateVersion))).toEqual([
        [1, 2],
        [1],
      ]);
      const again = stream([opened], a.aggregateId, 2);
      await expect(appendToStreams(manager(), { streams: [again] })).resolves.toMatchObject({
        streams: [[{ aggregateVersion: 3 }]],
      });
    });

    it('writes nothing if one stream has moved on, and names it', async () => {
      const [a, b] = [stream([opened]), stream([opened])];
      await appendToStreams(manager(), { streams: [b] });
      await expect(appendToStreams(manager(), { streams: [a, b] })).rejects.toMatchObject({
        code: 'HOLDFAST_VERSION_CONFLICT',
        aggregateId: b.aggregateId,
      });
      await expect(appendToStreams(manager(), { streams: [a] })).resolves.toMatchObject({ appended: true });
    });

    it('never deadlocks with another that names the same streams the other way round', async () => {
      for (let round = 0; round < 10; round++) {
        const streams = Array.from({ length: 6 }, () => stream([opened]));
        const results = await Promise.allSettled(
          Array.from({ length: 8 }, (_, at) =>
            appendToStreams(manager(), { streams: at % 2 === 0 ? streams : [...streams].reverse() }),
          ),
        );
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const result of results) {
          if (result.status === 'rejected') {
            expect(result.reason).toMatchObject({ code: 'HOLDFAST_VERSION_CONFLICT' });
          }
        }
      }
    });

    it('gives the first result when it is repeated with its idempotency keys', async () => {
      const streams = [
        stream([{ ...opened, idempotencyKey: 'a' }], 'ffffffff-0000-7000-8000-000000000002'),
        stream([
          { ...opened, idempotencyKey: 'a' },
          { ...opened, idempotencyKey: 'b' },
        ]),
      ];
      const first = await appendToStreams(manager(), { streams });
      const repeated = await appendToStreams(manager(), { streams });
      expect(repeated).toEqual({ appended: false, streams: first.streams });
      const [one] = streams;
      await expect(
        appendToStreams(manager(), { streams: [one as never, stream([{ ...opened, idempotencyKey: 'c' }])] }),
      ).rejects.toMatchObject({ code: 'HOLDFAST_IDEMPOTENCY_KEY_REUSED', aggregateId: one?.aggregateId });
    });

    it.each<[string, object, string]>([
      ['no stream', { streams: [] }, 'streams'],
      ['no event', { streams: [stream([])] }, 'streams.0.events'],
      [
        'too many events',
        { streams: [6_000, 4_001].map((length) => stream(Array.from({ length }, () => opened))) },
        'streams',
      ],
      [
        'a stream twice',
        {
          streams: [
            stream([opened], 'ABCDEF00-0000-7000-8000-000000000000'),
            stream([opened], 'abcdef00-0000-7000-8000-000000000000'),
          ],
        },
        'streams.1',
      ],
      [
        'keys on some events',
        { streams: [stream([{ ...opened, idempotencyKey: 'a' }]), stream([opened])] },
        'streams.1.events.0.idempotencyKey',
      ],
    ])('refuses %s', async (_, request, path) => {
      await expect(appendToStreams(manager(), request as never)).rejects.toMatchObject({
        code: 'HOLDFAST_INVALID_APPEND',
        path,
      });
    });
  });

  describe('with a condition', () => {
    it('writes once where nothing may match, and names item and position of what does', async () => {
      const tag = `username:${randomUUID()}`;
      const first = await claim(tag);
      const condition = { query: [{ tags: ['nothing:1'] }, { tags: [tag] }] };
      await expect(claim(tag, condition)).rejects.toMatchObject({
        ...FAILED,
        item: 1,
        position: first.streams[0]?.[0]?.globalPosition,
      });
      expect(await countTagged(tag)).toBe(1);
    });

    it('lets exactly one of many through that claim the same at once', async () => {
      for (let round = 0; round < 5; round++) {
        const tag = `username:${randomUUID()}`;
        const results = await Promise.allSettled(Array.from({ length: 9 }, () => claim(tag)));
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).toMatchObject(FAILED);
        }
        expect(await countTagged(tag)).toBe(1);
      }
    });

    it('holds while nothing new matches, and fails once something does, whatever else was written', async () => {
      const tag = `account:${randomUUID()}`;
      await claim(tag);
      const query: EventQuery = [{ tags: [tag], types: ['account.opened', 'account.closed'] }];
      const { events, after } = await readByQuery(manager(), query);
      expect(events).toHaveLength(1);
      await appendEvents(manager(), stream([{ ...opened, eventType: 'account.renamed', tags: [tag] }]));
      await appendEvents(manager(), stream([{ ...opened, tags: ['account:other'] }]));
      await claim(tag, { query, after });
      await expect(claim(tag, { query, after })).rejects.toMatchObject(FAILED);
      expect(await countTagged(tag)).toBe(3);
    });

    it('sees an event that a transaction had in hand while its reader read', async () => {
      const tag = `account:${randomUUID()}`;
      const query = [{ tags: [tag] }];
      const runner = database.dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        await appendEvents(runner.manager, stream([{ ...opened, tags: [tag] }]));
        const { events, after } = await readByQuery(manager(), query);
        expect(events).toEqual([]);
        const other = claim(tag, { query, after }).catch((error: unknown) => error);
        await waitUntilBlocked(other);
        await runner.commitTransaction();
        expect(await other).toMatchObject(FAILED);
      } finally {
        await runner.release();
      }
    });

    it('in two appends that each write what the other asks for, lets one through', async () => {
      for (let round = 0; round < 10; round++) {
        const [a, b] = [`seat:${randomUUID()}`, `seat:${randomUUID()}`];
        const write = (tag: string, other: string) =>
          appendToStreams(manager(), {
            streams: [stream([{ ...opened, tags: [tag] }])],
            condition: { query: [{ tags: [other] }] },
          });
        const results = await Promise.allSettled([write(a, b), write(b, a)]);
        expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      }
    });

    it('asks for types alone, and is held off by a plain append of one', async () => {
      const eventType = `type ${randomUUID()}`;
      const runner = database.dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        await appendEvents(runner.manager, stream([{ ...opened, eventType }]));
        const other = appendToStreams(manager(), {
          streams: [stream([opened])],
          condition: { query: [{ types: [eventType] }] },
        }).catch((error: unknown) => error);
        await waitUntilBlocked(other);
        await runner.commitTransaction();
        expect(await other).toMatchObject(FAILED);
      } finally {
        await runner.release();
      }
    });

    it('never deadlocks over many tags in opposite orders', async () => {
      const tags = Array.from({ length: 20 }, () => `tag:${randomUUID()}`);
      const append = (own: string[], asked: string[]) =>
        appendToStreams(manager(), {
          streams: [stream([{ ...opened, tags: own }])],
          condition: { query: asked.map((tag) => ({ tags: [tag], types: ['never'] })) },
        });
      const reversed = [...tags].reverse();
      await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          at % 2 === 0 ? append(tags.slice(0, 10), reversed) : append(reversed.slice(0, 10), tags),
        ),
      );
      expect(await countTagged(tags[0] as string)).toBe(20);
    });

    it('repeated with its idempotency keys gives the first result, though it now matches itself', async () => {
      const tag = `username:${randomUUID()}`;
      const request = {
        streams: [stream([{ ...opened, tags: [tag], idempotencyKey: 'a' }])],
        condition: { query: [{ tags: [tag] }] },
      };
      const first = await appendToStreams(manager(), request);
      await expect(appendToStreams(manager(), request)).resolves.toEqual({
        appended: false,
        streams: first.streams,
      });
    });

    it('in a transaction counts what the transaction itself wrote after it read, and not what it wrote before', async () => {
      const tag = `account:${randomUUID()}`;
      const query = [{ tags: [tag] }];
      await database.dataSource.transaction(async (within) => {
        await claim(tag, undefined, within);
        // Another transaction that ends meanwhile moves xmax past the id of this one.
        await appendEvents(manager(), stream([opened]));
        const { events, after } = await readByQuery(within, query);
        expect(events).toHaveLength(1);
        await claim(tag, { query, after }, within);
        await expect(claim(tag, { query, after }, within)).rejects.toMatchObject(FAILED);
        await claim(`account:${randomUUID()}`, undefined, within);
      });
      expect(await countTagged(tag)).toBe(2);
    });

    it('that is refused in a transaction leaves it usable, and without the locks', async () => {
      const tag = `account:${randomUUID()}`;
      await claim(tag);
      await database.dataSource.transaction(async (within) => {
        await expect(claim(tag, undefined, within)).rejects.toMatchObject(FAILED);
        await appendEvents(manager(), stream([{ ...opened, tags: [tag] }]));
        await appendEvents(within, stream([opened]));
      });
    });

    it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
      'is refused in a transaction that is %s',
      async (level) => {
        await database.dataSource.transaction(level, async (within) => {
          await expect(claim(`account:${randomUUID()}`, undefined, within)).rejects.toMatchObject({
            code: 'HOLDFAST_INVALID_APPEND',
            path: 'condition',
          });
        });
      },
    );

    it('of a reader in a REPEATABLE READ transaction misses nothing that was settled later', async () => {
      const tag = `account:${randomUUID()}`;
      const query = [{ tags: [tag] }];
      const after = await database.dataSource.transaction('REPEATABLE READ', async (within) => {
        await within.query('select 1');
        await claim(tag);
        // Settles the position of what the transaction does not see.
        await readByQuery(manager(), query);
        const read = await readByQuery(within, query);
        expect(read.events).toEqual([]);
        return read.after;
      });
      await expect(claim(tag, { query, after })).rejects.toMatchObject(FAILED);
    });

    it.each<[string, EventQuery, string]>([
      ['an empty query', [], 'query'],
      ['an empty item', [{ tags: ['a'] }, {}], 'query.1'],
      ['no types', [{ types: [] }], 'query.0.types'],
      ['too many items', Array.from({ length: 21 }, () => ({ tags: ['a'] })), 'query'],
      ['an empty tag', [{ tags: [''] }], 'query.0.tags.0'],
      ['a tag that no event can have', [{ tags: ['a', 'b\u0000'] }], 'query.0.tags.1'],
    ])('refuses %s', async (_, query, path) => {
      const refusal = { code: 'HOLDFAST_INVALID_EVENT_QUERY', path };
      await expect(claim('a', { query })).rejects.toMatchObject(refusal);
      await expect(readByQuery(manager(), query)).rejects.toMatchObject(refusal);
    });

    it('refuses a token that no reader has given', async () => {
      await expect(claim('a', { query: [{ tags: ['a'] }], after: 'x' })).rejects.toMatchObject({
        code: 'HOLDFAST_INVALID_APPEND',
        path: 'condition.after',
      });
    });
  });

  describe('readByQuery', () => {
    it('reads on within what the first part saw', async () => {
      const tag = `account:${randomUUID()}`;
      const add = () => appendEvents(manager(), stream([{ ...opened, tags: [tag] }]));
      for (let n = 0; n < 3; n++) await add();
      const query = [{ tags: [tag] }, { tags: [tag], types: ['account.opened'] }];
      const first = await readByQuery(manager(), query, { limit: 2 });
      await add();
      const second = await readByQuery(manager(), query, { limit: 2, cursor: first.nextCursor as string });
      expect([first.events.length, second.events.length, second.nextCursor]).toEqual([2, 1, null]);
      expect(second.after).toBe(first.after);
      await expect(claim(tag, { query, after: second.after })).rejects.toMatchObject(FAILED);
    });
  });

  /** Another session waits for an advisory lock, as the append should that this is the end of. */
  async function waitUntilBlocked(append: Promise<unknown>): Promise<void> {
    let hasEnded = false;
    void append.finally(() => {
      hasEnded = true;
    });
    const blocked = `
      select 1
      from pg_locks l
      join pg_stat_activity a on a.pid = l.pid and a.datname = current_database()
      where not l.granted and l.locktype = 'advisory'`;
    while ((await database.dataSource.query(blocked)).length === 0) {
      if (hasEnded) throw new Error('the append did not wait');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
});
