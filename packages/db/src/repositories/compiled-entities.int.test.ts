import { randomBytes, randomUUID } from 'node:crypto';
import { createRepository } from '@holdfast/postgres';
import { ENTITIES } from '../create-data-source';
import type { EventLease } from '../entities/event-lease.entity';
import { OrganizationActivity } from '../entities/organization-activity.entity';
import { appendEvents } from '../event-store/append';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { ApiKeyRepository } from './api-key.repository';
import { IdempotencyRepository } from './idempotency.repository';
import { MembershipRepository } from './membership.repository';
import { OrganizationRepository } from './organization.repository';
import { OrganizationActivityRepository } from './organization-activity.repository';
import { UserRepository } from './user.repository';

describe('the entities', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
    const { manager } = database.dataSource;
    const { id: organizationId } = await new OrganizationRepository(manager).create({
      name: 'Ünïted "Quotes" \\ Ltd',
    });
    const { id: userId } = await new UserRepository(manager).create({ email: 'ada@acme.example' });
    await new UserRepository(manager).recordLogin(userId, new Date(1));
    await new MembershipRepository(manager).create({ userId, organizationId, role: 'owner' });
    const keys = new ApiKeyRepository(manager);
    await keys.create({ userId, keyHash: randomBytes(32), scopes: ['read', 'events:append'] });
    await keys.create({ userId, organizationId, keyHash: randomBytes(32), expiresAt: new Date(4e12) });
    const { events } = await appendEvents(manager, {
      aggregateType: 'invoice',
      aggregateId: randomUUID(),
      expectedVersion: 0,
      events: [
        {
          eventType: 'issued',
          payload: { deep: [{ text: 'a "b" \\', none: null }] },
          tags: ['a:"b,c"', 'd:\\'],
        },
        { eventType: 'paid', payload: {}, organizationId, userId, eventTimestamp: new Date(-1e13) },
      ],
    });
    const [event] = events;
    await new OrganizationActivityRepository(manager).count({
      organizationId,
      eventType: 'issued',
      globalPosition: event?.globalPosition ?? '',
      eventTimestamp: new Date(0),
    });
    await manager.query(
      `insert into event_leases (aggregate_type, aggregate_id, aggregate_version, token, lease_until)
       values ('invoice', gen_random_uuid(), 1, gen_random_uuid(), now())`,
    );
    await new IdempotencyRepository(manager).write({
      scope: organizationId,
      key: 'a key',
      fingerprint: randomBytes(32),
      callId: randomUUID(),
      status: 201,
      headers: { location: '/x' },
      body: '{"a":1}',
    });
  });

  afterAll(() => database?.close());

  it.each(ENTITIES.map((entity) => [entity.name, entity] as const))(
    'are read as TypeORM reads them: %s',
    async (_, entity) => {
      const { manager } = database.dataSource;
      const found = await createRepository(manager, entity as typeof EventLease).find();
      const expected = await manager.getRepository(entity as typeof EventLease).find();
      expect(found.length).toBeGreaterThan(0);
      expect(found).toStrictEqual(expected);
      expect(found[0]).toBeInstanceOf(entity);
    },
  );

  it('have a key each by which a repository finds them', async () => {
    const { manager } = database.dataSource;
    const activities = createRepository(manager, OrganizationActivity);
    const [activity] = await activities.find();
    if (activity === undefined) throw new Error('nothing was counted');
    const { organizationId, eventType, slot } = activity;
    expect(await activities.findById({ organizationId, eventType, slot })).toStrictEqual(activity);
  });
});
