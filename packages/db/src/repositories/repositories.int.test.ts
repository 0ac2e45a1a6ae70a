import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Organization } from '../entities/organization.entity';
import type { User } from '../entities/user.entity';
import { appendEvents } from '../event-store/append';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { readAll } from '../test/read-all';
import { EventRepository } from './event.repository';
import type { Page, PageRequest } from './keyset';
import { MAX_PAGE_LIMIT } from './limit';
import { MembershipRepository } from './membership.repository';
import { OrganizationRepository } from './organization.repository';
import { UserRepository } from './user.repository';

describe('the repositories', () => {
  let database: OpenDatabase;
  let manager: EntityManager;

  beforeAll(async () => {
    database = await openDatabase();
    manager = database.dataSource.manager;
  });

  afterAll(() => database.close());

  describe('organizations', () => {
    let organizations: OrganizationRepository;
    const created: Organization[] = [];

    beforeAll(async () => {
      organizations = new OrganizationRepository(manager);
      for (let at = 0; at < 25; at++) {
        created.push(
          await organizations.create({ name: `Acme ${at}`, status: at % 5 === 0 ? 'archived' : 'active' }),
        );
      }
      // One transaction's rows share their creation time, so the id has to decide the order.
      await database.dataSource.query(
        `update organizations set created_at = '2026-01-01' where name ~ '[0-9]{2}$'`,
      );
    });

    it('gives back what was created', async () => {
      const acme = created[0] as Organization;
      await expect(organizations.findById(acme.id)).resolves.toMatchObject({ name: 'Acme 0', domain: null });
      await expect(organizations.findById(randomUUID())).resolves.toBeNull();
    });

    it('finds a domain without regard to case, and lets it be taken once', async () => {
      const { id } = await organizations.create({
        name: 'Example',
        domain: 'Example.ORG',
        externalId: 'test:1',
      });
      await expect(organizations.findByDomain('example.org')).resolves.toMatchObject({ id });
      await expect(organizations.findByExternalId('test:1')).resolves.toMatchObject({ id });
      await expect(organizations.create({ name: 'Other', domain: 'eXample.org' })).rejects.toMatchObject({
        code: 'HOLDFAST_ALREADY_EXISTS',
        index: 'idx_organizations_domain',
      });
    });

    it('searches names for text that is taken literally, nearest first', async () => {
      await organizations.create({ name: 'Percent 100% Ltd' });
      await organizations.create({ name: 'The old percent and sons of Birmingham' });
      const found = await organizations.searchByName('PERCENT');
      expect(found.map(({ name }) => name)).toEqual([
        'Percent 100% Ltd',
        'The old percent and sons of Birmingham',
      ]);
      await expect(organizations.searchByName('0%')).resolves.toHaveLength(1);
      await expect(organizations.searchByName('100_')).resolves.toHaveLength(0);
    });

    it('pages through a status newest first, each once, while rows are added', async () => {
      const expected = created.filter(({ status }) => status === 'active').length;
      const seen: Organization[] = [];
      let added = 0;
      const rows = await readAll(async (request) => {
        const page = await organizations.pageByStatus('active', request);
        if (added++ === 0) await organizations.create({ name: 'Latecomer' });
        return page;
      }, 3);
      seen.push(...rows.filter(({ name }) => name.startsWith('Acme')));
      expect(new Set(seen.map(({ id }) => id)).size).toBe(expected);
      expect(seen).toHaveLength(expected);
      const keys = rows.map(({ createdAt, id }) => `${createdAt.toISOString()} ${id}`);
      expect(keys).toEqual(keys.toSorted().reverse());
    });

    it.each([0, MAX_PAGE_LIMIT + 1, 1.5, Number.NaN])('refuses a page of %s', async (limit) => {
      await expect(organizations.pageByStatus('active', { limit })).rejects.toMatchObject({
        code: 'HOLDFAST_INVALID_LIMIT',
      });
    });

    it.each(['', 'x', '!!!', Buffer.from('["organizations-by-status","now","x"]').toString('base64url')])(
      'refuses the cursor %p',
      async (cursor) => {
        await expect(organizations.pageByStatus('active', { cursor })).rejects.toMatchObject({
          code: 'HOLDFAST_INVALID_CURSOR',
        });
      },
    );

    it('refuses the cursor of another list', async () => {
      const { nextCursor } = await organizations.pageByStatus('active', { limit: 1 });
      const users = new UserRepository(manager);
      await expect(
        users.pageByStatusAndRole('active', 'member', { cursor: nextCursor ?? '' }),
      ).rejects.toMatchObject({ code: 'HOLDFAST_INVALID_CURSOR', list: 'users-by-status-and-role' });
    });
  });

  describe('users', () => {
    let users: UserRepository;

    beforeAll(() => {
      users = new UserRepository(manager);
    });

    it('finds an e-mail without regard to case, and lets it be taken once, but takes any number without', async () => {
      const { id } = await users.create({ email: 'Ada@Example.org', externalId: 'test:ada' });
      await expect(users.findByEmail('ada@example.ORG')).resolves.toMatchObject({
        id,
        email: 'Ada@Example.org',
      });
      await expect(users.findByExternalId('test:ada')).resolves.toMatchObject({ id });
      await expect(users.create({ email: 'ADA@example.org' })).rejects.toMatchObject({
        index: 'idx_users_email_lower',
        message: expect.not.stringContaining('ADA'),
      });
      await users.create({});
      await users.create({});
    });

    it('searches by first name and the beginning of the last', async () => {
      for (const lastName of ['Lovelace', 'Lovell', 'Byron'])
        await users.create({ firstName: 'Augusta', lastName });
      const found = await users.searchByName('AUGUSTA', 'lovel');
      expect(found.map(({ lastName }) => lastName)).toEqual(['Lovelace', 'Lovell']);
      await expect(users.searchByName('Augusta')).resolves.toHaveLength(3);
      const namesakes = await users.searchByLastName('LOVEL');
      expect(namesakes.map(({ lastName }) => lastName)).toEqual(['Lovelace', 'Lovell']);
    });

    it('pages through a status and role', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 7; at++) ids.push((await users.create({ role: 'owner' })).id);
      const rows = await readAll((request) => users.pageByStatusAndRole('active', 'owner', request), 2);
      expect(rows.map(({ id }) => id).sort()).toEqual(ids.sort());
    });

    it('lists who has logged in, latest first, and not those who never did', async () => {
      const people: User[] = [];
      for (let at = 0; at < 5; at++) people.push(await users.create({ role: 'admin' }));
      for (const [at, { id }] of people.slice(0, 4).entries()) {
        await users.recordLogin(id, new Date(Date.UTC(2026, 0, 1, at)));
      }
      const [first] = people;
      await users.recordLogin(first?.id ?? '', new Date(Date.UTC(2026, 0, 2)));
      await expect(users.findById(first?.id ?? '')).resolves.toMatchObject({
        lastLoginAt: new Date(Date.UTC(2026, 0, 1)),
        currentLoginAt: new Date(Date.UTC(2026, 0, 2)),
      });
      const rows = await readAll((request) => users.pageByLatestLogin(request), 2);
      expect(rows.map(({ id }) => id)).toEqual([3, 2, 1, 0].map((at) => people[at]?.id));
    });
  });

  describe('memberships', () => {
    it('answers for both sides, and lets a user join once', async () => {
      const memberships = new MembershipRepository(manager);
      const user = await new UserRepository(manager).create({});
      const other = await new UserRepository(manager).create({});
      const organization = await new OrganizationRepository(manager).create({ name: 'Members' });
      const created = await memberships.create({
        userId: user.id,
        organizationId: organization.id,
        role: 'admin',
      });
      await memberships.create({
        userId: other.id,
        organizationId: organization.id,
        role: 'admin',
        status: 'pending',
      });

      await expect(memberships.findById(created.id)).resolves.toMatchObject({
        role: 'admin',
        status: 'active',
      });
      await expect(memberships.findByUserAndOrganization(user.id, organization.id)).resolves.toMatchObject({
        id: created.id,
      });
      await expect(memberships.listOrganizationsOfUser(other.id)).resolves.toEqual([
        { organizationId: organization.id, role: 'admin', status: 'pending' },
      ]);
      const members = await readAll(
        (page) => memberships.pageMembersByRole(organization.id, 'admin', page),
        1,
      );
      expect(members.map(({ userId }) => userId)).toEqual([user.id]);

      const again = { userId: user.id, organizationId: organization.id };
      await expect(memberships.create(again)).rejects.toMatchObject({ code: 'HOLDFAST_ALREADY_EXISTS' });
      await expect(memberships.create({ ...again, userId: randomUUID() })).rejects.toMatchObject({
        code: 'HOLDFAST_REFERENCE_MISSING',
        constraint: 'user_organizations_user_id_fkey',
      });
    });
  });

  describe('events', () => {
    const organizationId = randomUUID();
    const userId = randomUUID();
    const correlationId = randomUUID();
    const aggregateId = randomUUID();
    let events: EventRepository;

    beforeAll(async () => {
      events = new EventRepository(manager);
      await appendEvents(manager, {
        aggregateType: 'order',
        aggregateId,
        expectedVersion: 0,
        events: Array.from({ length: 20 }, (_, at) => ({
          eventType: at % 2 === 0 ? 'order.placed' : 'order.changed',
          payload: { at },
          // Pairs share a time, so the position has to decide the order.
          eventTimestamp: new Date(Date.UTC(2026, 0, 1, Math.floor(at / 2))),
          organizationId,
          userId: at < 10 ? userId : null,
          correlationId: at < 3 ? correlationId : null,
          tags: [`order:${at % 4}`, 'shop:main'],
        })),
      });
    });

    const numbers = (rows: readonly { payload: Record<string, unknown> }[]) =>
      rows.map(({ payload }) => payload.at);
    const down = (from: number, to = 0, step = 1) =>
      Array.from({ length: Math.floor((from - to) / step) + 1 }, (_, at) => from - at * step);

    it('reads a stream from a version on', async () => {
      const rows = await events.readStream('order', aggregateId, { fromVersion: 5, limit: 3 });
      expect(rows.map(({ aggregateVersion }) => aggregateVersion)).toEqual([5, 6, 7]);
    });

    it.each<
      [string, (request: PageRequest) => Promise<Page<{ payload: Record<string, unknown> }>>, number[]]
    >([
      ['a type', (request) => events.pageByType('order.placed', request), down(18, 0, 2)],
      ['an organization', (request) => events.pageByOrganization(organizationId, request), down(19)],
      [
        'an organization and a type',
        (request) => events.pageByOrganization(organizationId, { ...request, eventType: 'order.changed' }),
        down(19, 1, 2),
      ],
      ['a user', (request) => events.pageByUser(userId, request), down(9)],
      [
        'a user and a type',
        (request) => events.pageByUser(userId, { ...request, eventType: 'order.placed' }),
        down(8, 0, 2),
      ],
      ['a tag', (request) => events.pageByTags(['order:1'], request), down(17, 1, 4)],
      ['several tags', (request) => events.pageByTags(['order:1', 'shop:main'], request), down(17, 1, 4)],
      ['tags that never met', (request) => events.pageByTags(['order:1', 'order:2'], request), []],
    ])('pages through the events of %s, latest first', async (_, read, expected) => {
      for (const limit of [1, 3, 50]) expect(numbers(await readAll(read, limit))).toEqual(expected);
    });

    it('lists what one operation did, in order', async () => {
      expect(numbers(await events.listByCorrelation(correlationId))).toEqual([0, 1, 2]);
    });

    it('lists what waits for a worker, without what is done or has used up its attempts', async () => {
      await database.dataSource.query(
        `update events set processed = true where (payload ->> 'at')::integer < 15`,
      );
      await database.dataSource.query(
        `update events set retry_count = 5 where (payload ->> 'at')::integer = 15`,
      );
      expect(numbers(await events.listUnprocessed(10)).sort()).toEqual([16, 17, 18, 19]);
      await expect(events.listUnprocessed(2)).resolves.toHaveLength(2);
    });
  });
});
