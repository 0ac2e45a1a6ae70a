import { randomUUID } from 'node:crypto';
import { EventRepository } from '../repositories/event.repository';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { appendEvents } from './append';
import type { AppendRequest, NewEvent } from './append-request';

describe('an append with idempotency keys', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterAll(() => database.close());

  const append = (request: AppendRequest) => appendEvents(database.dataSource.manager, request);
  const versionsOf = async ({ aggregateType, aggregateId }: AppendRequest) =>
    (await new EventRepository(database.dataSource.manager).readStream(aggregateType, aggregateId)).map(
      ({ aggregateVersion }) => aggregateVersion,
    );

  const when = new Date('2026-01-02T03:04:05.678Z');
  const event = (idempotencyKey: string, more: Partial<NewEvent> = {}): NewEvent => ({
    eventType: 'account.credited',
    payload: { cents: 12, lines: [{ text: 'ü', price: null }] },
    tags: ['account:1', 'vip'],
    idempotencyKey,
    ...more,
  });
  const request = (...events: NewEvent[]): AppendRequest => ({
    aggregateType: 'account',
    aggregateId: randomUUID(),
    expectedVersion: 0,
    events,
  });

  it('is repeated when all of it is the same, however JSON and clock write it', async () => {
    const ids = { organizationId: randomUUID(), userId: randomUUID(), correlationId: randomUUID() };
    const given = request(event('a', { ...ids, eventTimestamp: when }), event('b'));
    const first = await append(given);
    const [timed, untimed] = given.events as [NewEvent, NewEvent];
    const repeated = {
      ...given,
      events: [
        { ...timed, organizationId: ids.organizationId.toUpperCase(), eventTimestamp: new Date(when) },
        { ...untimed, organizationId: null, payload: { lines: [{ price: null, text: 'ü' }], cents: 12.0 } },
      ],
    };
    await expect(append(repeated)).resolves.toEqual({ appended: false, events: first.events });
    // The time that the first append gave itself is nothing that a repetition can know.
    const timeless = { ...given, events: [{ ...timed, eventTimestamp: undefined }, untimed] };
    await expect(append(timeless)).resolves.toEqual({ appended: false, events: first.events });
    expect(await versionsOf(given)).toEqual([1, 2]);
  });

  it('gives where its events stand in its own order', async () => {
    const given = request(event('a'), event('b'));
    const { events } = await append(given);
    await expect(append({ ...given, events: given.events.toReversed() })).resolves.toEqual({
      appended: false,
      events: events.toReversed(),
    });
  });

  it.each<[string, Partial<NewEvent>]>([
    ['another type', { eventType: 'account.debited' }],
    ['another payload', { payload: { cents: 13 } }],
    ['another organization', { organizationId: randomUUID() }],
    ['no user', { userId: null }],
    ['another correlation', { correlationId: randomUUID() }],
    ['another tag', { tags: ['account:1'] }],
    ['another time', { eventTimestamp: new Date(when.getTime() + 1) }],
  ])('is refused when a key comes back with %s, at whatever version', async (_, change) => {
    const original = event('a', { userId: randomUUID(), eventTimestamp: when });
    const given = request(original);
    await append(given);
    for (const expectedVersion of [0, 1, 7]) {
      await expect(
        append({ ...given, expectedVersion, events: [{ ...original, ...change }] }),
      ).rejects.toMatchObject({
        code: 'HOLDFAST_IDEMPOTENCY_KEY_REUSED',
        aggregateType: 'account',
        aggregateId: given.aggregateId,
        message: expect.not.stringMatching(/cents|credited|debited/),
      });
    }
    expect(await versionsOf(given)).toEqual([1]);
  });

  it('is refused when a key comes back under another aggregate type', async () => {
    const given = request(event('a'));
    await append(given);
    const elsewhere = { ...given, aggregateType: 'wallet' };
    await expect(append(elsewhere)).rejects.toMatchObject({ code: 'HOLDFAST_IDEMPOTENCY_KEY_REUSED' });
    expect(await versionsOf(elsewhere)).toEqual([]);
  });

  it('is refused when only some of its keys were used, and never called a conflict', async () => {
    const given = request(event('a'));
    await append(given);
    for (const expectedVersion of [0, 1]) {
      const mixed = { ...given, expectedVersion, events: [event('a'), event('b')] };
      await expect(append(mixed)).rejects.toMatchObject({ code: 'HOLDFAST_IDEMPOTENCY_KEY_REUSED' });
    }
    expect(await versionsOf(given)).toEqual([1]);
  });

  it('conflicts when none of its keys was used and the stream has moved on', async () => {
    const given = request(event('a'));
    await append(given);
    await expect(append({ ...given, events: [event('b')] })).rejects.toMatchObject({
      code: 'HOLDFAST_VERSION_CONFLICT',
    });
  });

  it('is refused when two of its events share a key, or some have none', async () => {
    const shared = request(event('a'), event('a'));
    await expect(append(shared)).rejects.toMatchObject({
      code: 'HOLDFAST_INVALID_APPEND',
      path: 'events.1.idempotencyKey',
    });
    const partly = request(event('a'), { eventType: 'account.closed', payload: {} });
    await expect(append(partly)).rejects.toMatchObject({
      code: 'HOLDFAST_INVALID_APPEND',
      path: 'events.1.idempotencyKey',
    });
    expect(await versionsOf(shared)).toEqual([]);
    expect(await versionsOf(partly)).toEqual([]);
  });
});
