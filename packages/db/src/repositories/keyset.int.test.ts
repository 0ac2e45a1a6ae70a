import { randomBytes, randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { appendEvents } from '../event-store/append';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { ApiKeyRepository } from './api-key.repository';
import { EventRepository } from './event.repository';
import { OrganizationRepository } from './organization.repository';
import { UserRepository } from './user.repository';

/** A cursor as the lists write them. */
const cursorOf = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

describe('a page', () => {
  let database: OpenDatabase;
  let manager: EntityManager;
  let events: EventRepository;

  beforeAll(async () => {
    database = await openDatabase();
    manager = database.dataSource.manager;
    events = new EventRepository(manager);
  });

  afterAll(() => database.close());

  const MAX = '9223372036854775807';

  it.each(['9223372036854775808', '9999999999999999999', '-1', '', '1.5', '12345678901234567890'])(
    'refuses a cursor with the position "%s"',
    async (position) => {
      const invalid = { code: 'HOLDFAST_INVALID_CURSOR' };
      const byTag = { cursor: cursorOf('events-by-tag', position) };
      await expect(events.pageByTags(['t'], byTag)).rejects.toMatchObject(invalid);
      const byType = { cursor: cursorOf('events-by-type', '2026-01-01T00:00:00.000Z', position) };
      await expect(events.pageByType('t', byType)).rejects.toMatchObject(invalid);
    },
  );

  it('takes a cursor with the last position there is', async () => {
    const byTag = { cursor: cursorOf('events-by-tag', MAX) };
    await expect(events.pageByTags(['t'], byTag)).resolves.toMatchObject({ items: [] });
  });

  it.each([
    '2026-02-30T00:00:00.000Z',
    '2026-01-01T00:00:00Z',
    '2026-01-01',
    '10000-01-01T00:00:00.000Z',
    '-004713-11-23T23:59:59.999Z',
    '-271821-04-20T00:00:00.000Z',
    '+275760-09-13T00:00:00.001Z',
    'infinity',
    'now',
  ])('refuses a cursor with the moment "%s"', async (moment) => {
    const byType = { cursor: cursorOf('events-by-type', moment, '1') };
    await expect(events.pageByType('t', byType)).rejects.toMatchObject({ code: 'HOLDFAST_INVALID_CURSOR' });
  });

  it.each(['-004713-11-24T00:00:00.000Z', '+275760-09-13T00:00:00.000Z'])(
    'takes a cursor with the moment "%s", at an end of what both sides can write',
    async (moment) => {
      const byType = { cursor: cursorOf('events-by-type', moment, MAX) };
      await expect(events.pageByType('t', byType)).resolves.toMatchObject({ items: [] });
    },
  );

  it('leads on to the next, whatever the year', async () => {
    const aggregateId = randomUUID();
    await appendEvents(manager, {
      aggregateType: 'epoch',
      aggregateId,
      expectedVersion: 0,
      events: Array.from({ length: 6 }, () => ({ eventType: 'epoch.began', payload: {} })),
    });
    // Not through an append, which refuses them; rows of others may hold them.
    const moments = [
      '4714-11-24 00:00:00+00 BC',
      '0001-12-31 23:59:59.999+00 BC',
      '0001-01-01 00:00:00+00',
      '9999-12-31 23:59:59.999+00',
      '10000-01-01 00:00:00+00',
      '275760-09-13 00:00:00+00',
    ];
    for (const [at, moment] of moments.entries()) {
      await manager.query(
        'update events set event_timestamp = $1 where aggregate_id = $2 and aggregate_version = $3',
        [moment, aggregateId, at + 1],
      );
    }
    const versions: number[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await events.pageByType('epoch.began', { limit: 1, cursor: cursor ?? undefined });
      versions.push(...page.items.map(({ aggregateVersion }) => aggregateVersion));
      cursor = page.nextCursor;
    } while (cursor !== null && versions.length < 10);
    expect(versions).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('leads on among keys that expire in another age', async () => {
    const keys = new ApiKeyRepository(manager);
    const { id: userId } = await new UserRepository(manager).create({});
    const create = () =>
      keys.create({ userId, keyHash: randomBytes(32), expiresAt: new Date('+012026-01-01T00:00:00Z') });
    const ids = [(await create()).id, (await create()).id];
    const end = new Date('+012026-01-02T00:00:00Z');
    const first = await keys.pageExpiringBefore(end, { limit: 1 });
    const second = await keys.pageExpiringBefore(end, { limit: 1, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
  });
});

describe('a limit', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterAll(() => database.close());

  const lists: [string, (manager: EntityManager, limit: number) => Promise<unknown>][] = [
    [
      'a stream',
      (manager, limit) => new EventRepository(manager).readStream('order', randomUUID(), { limit }),
    ],
    ['events to process', (manager, limit) => new EventRepository(manager).listUnprocessed(limit)],
    ['events by tag', (manager, limit) => new EventRepository(manager).pageByTags(['t'], { limit })],
    ['users by name', (manager, limit) => new UserRepository(manager).searchByName('Ada', '', limit)],
    [
      'organizations by name',
      (manager, limit) => new OrganizationRepository(manager).searchByName('Acme', limit),
    ],
    [
      'keys of a user',
      (manager, limit) => new ApiKeyRepository(manager).pageByUser(randomUUID(), 'active', { limit }),
    ],
    [
      'keys of an organization',
      (manager, limit) => new ApiKeyRepository(manager).pageByOrganization(randomUUID(), 'active', { limit }),
    ],
  ];

  it.each(lists)('of %s is a whole number from 1 to 500', async (_, read) => {
    const { manager } = database.dataSource;
    for (const limit of [Number.NaN, -1, 0, 1.5, 501, Number.POSITIVE_INFINITY]) {
      await expect(read(manager, limit)).rejects.toMatchObject({ code: 'HOLDFAST_INVALID_LIMIT', limit });
    }
    for (const limit of [1, 500]) await expect(read(manager, limit)).resolves.toBeDefined();
  });
});
