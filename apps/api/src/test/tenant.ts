import { randomUUID } from 'node:crypto';
import { OrganizationActivityRepository } from '@holdfast/db';
import type { DataSource } from 'typeorm';
import type { TestService } from './test-service';

/** What an organization has, one of each kind, and a key to all of it. */
export interface Tenant {
  readonly name: string;
  readonly organization: string;
  readonly user: string;
  readonly membership: string;
  readonly key: string;
  readonly event: string;
  readonly aggregate: string;
  readonly correlation: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Two organizations made by this differ in everything that is theirs. @param owner for what no route writes. */
export async function createTenant(service: TestService, owner: DataSource, name: string): Promise<Tenant> {
  const create = async (path: string, body: object) => {
    const created = await service.post(path, body);
    expect({ path, status: created.status }).toEqual({ path, status: 201 });
    return created.body;
  };
  const { id: organization } = await create('/v1/organizations', {
    ...{ name: `Tenant ${name}`, domain: `${name}.example`, externalId: `crm:${name}` },
  });
  const { id: user } = await create('/v1/users', {
    ...{ email: `user@${name}.example`, firstName: name, lastName: 'Member', externalId: `crm:${name}` },
  });
  const { id: membership } = await create('/v1/memberships', { userId: user, organizationId: organization });
  const { id: key, key: text } = await create('/v1/api-keys', {
    ...{ userId: user, organizationId: organization, name, expiresAt: '2999-01-01T00:00:00.000Z' },
    scopes: ['read', 'write', 'events:read', 'events:append', 'keys', 'operate'],
  });
  const headers = { authorization: `Bearer ${text}` };
  const [aggregate, correlation] = [randomUUID(), randomUUID()];
  const appended = await service.post(
    '/v1/events',
    {
      ...{ aggregateType: 'order', aggregateId: aggregate, expectedVersion: 0 },
      events: Array.from({ length: 2 }, () => ({
        ...{ eventType: 'order.placed', payload: { of: name }, tags: [`of:${name}`, 'all'] },
        ...{ organizationId: organization, userId: user, correlationId: correlation },
      })),
    },
    headers,
  );
  expect(appended.status).toBe(201);
  await owner.query('update users set last_login_at = now() where id = $1', [user]);
  const { id: event, globalPosition } = appended.body.events[0];
  await new OrganizationActivityRepository(owner.manager).count({
    ...{ organizationId: organization, eventType: 'order.placed' },
    ...{ globalPosition, eventTimestamp: new Date() },
  });
  return { name, organization, user, membership, key, event, aggregate, correlation, headers };
}
