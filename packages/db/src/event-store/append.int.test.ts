import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { EventRepository } from '../repositories/event.repository';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { appendEvents } from './append';
import type { NewEvent } from './append-request';

const opened = (at: number): NewEvent => ({ eventType: 'account.opened', payload: { at } });

describe('appendEvents', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterAll(() => database.close());

  const append = (aggregateId: string, expectedVersion: number, events: NewEvent[]) =>
    appendEvents(database.dataSource.manager, {
      aggregateType: 'account',
      aggregateId,
      expectedVersion,
      events,
    });
  const versions = async (aggregateId: string) =>
    (await new EventRepository(database.dataSource.manager).readStream('account', aggregateId)).map(
      (event) => event.aggregateVersion,
    );

  /** All of each event but what no two events have in common. */
  const readRows = (aggregateId: string) =>
    database.dataSource.query(
      `select to_jsonb(e) - '{id,aggregate_id,global_position,transaction_id,created_at}'::text[] as event, tags, payload
       from events e where aggregate_id = $1 order by aggregate_version`,
      [aggregateId],
    );

  it('numbers the events of a stream from 1 without gaps, and keeps what was given', async () => {
    const id = randomUUID();
    const when = new Date('2026-01-02T03:04:05.678Z');
    const event = {
      eventType: 'account.credited',
      payload: { cents: 12, 'quoted "name"': ['\\', null, 'ü'] },
      eventTimestamp: when,
      organizationId: randomUUID(),
      userId: randomUUID(),
      correlationId: randomUUID(),
      tags: ['account:1', 'with "quotes", commas {and braces}'],
    };
    const first = await append(id, 0, [event]);
    const second = await append(id, 1, [opened(2), opened(3)]);
    expect([...first.events, ...second.events].map((written) => written.aggregateVersion)).toEqual([1, 2, 3]);

    const events = new EventRepository(database.dataSource.manager);
    const stored = await events.findById(first.events[0]?.id ?? '');
    expect(stored).toMatchObject({
      ...event,
      aggregateId: id,
      aggregateVersion: 1,
      processed: false,
      retryCount: 0,
    });
    expect(stored?.globalPosition).toBe(first.events[0]?.globalPosition);
    expect(await versions(id)).toEqual([1, 2, 3]);
  });

  it.each([0, 2])(
    'refuses an expected version of %i on a stream that stands at 1',
    async (expectedVersion) => {
      const id = randomUUID();
      await append(id, 0, [opened(1)]);
      await expect(append(id, expectedVersion, [opened(2)])).rejects.toMatchObject({
        code: 'HOLDFAST_VERSION_CONFLICT',
        expectedVersion,
      });
      expect(await versions(id)).toEqual([1]);
    },
  );

  it('lets exactly one of many appends that saw the same version through', async () => {
    const id = randomUUID();
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, () => append(id, round, [opened(round)])),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected')
          expect(result.reason).toMatchObject({ code: 'HOLDFAST_VERSION_CONFLICT' });
      }
    }
    expect(await versions(id)).toEqual([1, 2, 3, 4, 5]);
  });

  it('writes nothing the second time for the same idempotency keys, and gives the first result', async () => {
    const id = randomUUID();
    const events = [
      { ...opened(1), idempotencyKey: 'a' },
      { ...opened(2), idempotencyKey: 'b' },
    ];
    const first = await append(id, 0, events);
    await append(id, 2, [opened(3)]);
    const repeated = await append(id, 0, events);
    expect(repeated).toEqual({ appended: false, events: first.events });
    // Even one that believes the stream to stand where it now stands.
    await expect(append(id, 3, events)).resolves.toEqual({ appended: false, events: first.events });
    expect(await versions(id)).toEqual([1, 2, 3]);
  });

  it('writes once when the same append is sent many times at once', async () => {
    const id = randomUUID();
    const event = { ...opened(1), idempotencyKey: 'once' };
    const results = await Promise.all(Array.from({ length: 10 }, () => append(id, 0, [event])));
    expect(results.filter(({ appended }) => appended)).toHaveLength(1);
    expect(new Set(results.map(({ events }) => events[0]?.id)).size).toBe(1);
    expect(await versions(id)).toEqual([1]);
  });

  it('writes all events of an append or none', async () => {
    const id = randomUUID();
    const broken = { eventType: 'account.broken', payload: ['not an object'] as never };
    await expect(append(id, 0, [opened(1), broken])).rejects.toMatchObject({
      driverError: { code: '23514' },
    });
    expect(await versions(id)).toEqual([]);
  });

  it('writes events at the limits of what is allowed', async () => {
    const id = randomUUID();
    // Three bytes a character, and nothing for a compression to save.
    const text = (length: number, from: number) =>
      String.fromCharCode(...Array.from({ length }, (_, at) => 0x4e00 + ((from + at * 7919) % 20_000)));
    const event = {
      eventType: text(200, 1),
      payload: {},
      organizationId: randomUUID(),
      userId: randomUUID(),
      idempotencyKey: text(200, 2),
      tags: Array.from({ length: 100 }, (_, at) => text(200, at)),
    };
    const request = { aggregateType: text(200, 3), aggregateId: id, expectedVersion: 0, events: [event] };
    await expect(appendEvents(database.dataSource.manager, request)).resolves.toMatchObject({
      appended: true,
    });
  });

  it('reaches the last version there is, and goes no further', async () => {
    const id = randomUUID();
    await append(id, 0, [opened(1)]);
    await database.dataSource.query(
      'update events set aggregate_version = 2147483646 where aggregate_id = $1',
      [id],
    );
    await append(id, 2_147_483_646, [opened(2)]);
    for (const expectedVersion of [2_147_483_647, 2_147_483_648, 1.5]) {
      await expect(append(id, expectedVersion, [opened(3)])).rejects.toMatchObject({
        code: 'HOLDFAST_INVALID_APPEND',
      });
    }
  });

  it.each<[string, string, Partial<NewEvent>, string?]>([
    ['U+0000 in a payload', '22P05', { payload: { text: 'secret\u0000' } }],
    ['U+0000 in a tag', '22P05', { tags: ['secret\u0000'] }, '22021'],
    ['half a surrogate pair in a payload', '22P02', { payload: { text: 'secret\ud800' } }],
    ['an id that is no UUID', '22P02', { organizationId: 'secret' }],
  ])(
    'refuses %s, which the server cannot store, without repeating it',
    async (_, code, change, alone = code) => {
      const refused = { ...opened(1), ...change };
      for (const [events, expected] of [
        [[refused], alone],
        [[opened(1), refused], code],
      ] as const) {
        const error: unknown = await append(randomUUID(), 0, [...events]).catch((e) => e);
        expect(error).toMatchObject({
          code: 'HOLDFAST_INVALID_APPEND',
          path: undefined,
          cause: { code: expected },
        });
        expect(inspect(error, { depth: null, showHidden: true })).not.toContain('secret');
      }
    },
  );

  it('keeps of an event alone what it keeps of one among others', async () => {
    const event = {
      eventType: 'account.credited',
      payload: { cents: 12, 'quoted "name"': ['\\', null, 'ü'], big: 1e300, nested: { '': [] } },
      eventTimestamp: new Date('0001-01-01T00:00:00.000Z'),
      organizationId: randomUUID(),
      userId: randomUUID(),
      correlationId: randomUUID(),
      tags: ['null', 'NULL', 'with "quotes", commas {and braces}', '\\', ' a '],
      idempotencyKey: 'key {1}',
    };
    const bare = { eventType: 'account.opened', payload: {}, eventTimestamp: new Date(0) };
    for (const given of [event, bare]) {
      const [alone, among] = [randomUUID(), randomUUID()];
      await append(alone, 0, [given]);
      await append(among, 0, [given, { ...given, idempotencyKey: given === event ? 'key 2' : undefined }]);
      const [stored] = await readRows(alone);
      expect(stored).toEqual((await readRows(among))[0]);
      expect(stored).toMatchObject({ tags: 'tags' in given ? given.tags : [], payload: given.payload });
    }
  });

  it('refuses U+0000 in the type of an aggregate', async () => {
    const request = {
      aggregateType: 'a\u0000',
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [opened(1)],
    };
    await expect(appendEvents(database.dataSource.manager, request)).rejects.toMatchObject({
      code: 'HOLDFAST_INVALID_APPEND',
      cause: { code: '22021' },
    });
  });

  it('refuses what cannot be stored also where the version does not fit', async () => {
    const keyed = { ...opened(1), userId: 'not a UUID', idempotencyKey: 'a' };
    await expect(append(randomUUID(), 5, [keyed])).rejects.toMatchObject({ code: 'HOLDFAST_INVALID_APPEND' });
  });
});
