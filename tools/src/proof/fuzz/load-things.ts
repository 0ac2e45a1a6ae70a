import { createHash } from 'node:crypto';
import {
  API_KEY_SCOPES,
  ApiKey,
  Event,
  MEMBERSHIP_ROLES,
  Membership,
  Organization,
  User,
} from '@holdfast/db';
import { type DataSource, IsNull } from 'typeorm';
import type { KnownThings } from './known-things';

const ORGANIZATIONS = 12;
const USERS = 40;
const KEYS = 60;
const STREAMS = 20;
const VERSIONS = 5;
/** Streams that nothing has been appended to. */
const NEW_STREAMS = 400;
const BEGIN_MS = Date.parse('2026-01-01T00:00:00.000Z');

/** The same in every run, so that seed and number make the same request. */
const idOf = (kind: string, at: number): string =>
  createHash('sha256')
    .update(`${kind} ${at}`)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-7$3-8$4-$5');

const momentOf = (at: number): Date => new Date(BEGIN_MS + at * 60_000);

/**
 * Whoever the operator's key belongs to is invited to these organizations: nobody else can accept with it. Resolves to the ids of the
 * memberships, which do not change from run to run.
 */
export async function loadInvitations(
  { manager }: DataSource,
  organizationIds: readonly string[],
): Promise<readonly string[]> {
  const { userId } = await manager.findOneByOrFail(ApiKey, { organizationId: IsNull() });
  const invitations = organizationIds.map((organizationId, at) => ({
    id: idOf('invitation', at),
    ...{ userId, organizationId, status: 'pending' as const },
    ...{ createdAt: momentOf(at), updatedAt: momentOf(at) },
  }));
  await manager.insert(Membership, invitations);
  return invitations.map(({ id }) => id);
}

/** The database holds a few things of every kind, under ids that do not change from run to run. */
export async function loadThings({ manager }: DataSource): Promise<Pick<KnownThings, 'ids' | 'values'>> {
  const list = <T>(count: number, make: (at: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => make(at));
  const organizations = list(ORGANIZATIONS, (at) => ({
    id: idOf('organization', at),
    name: `Fuzzy ${at}`,
    domain: `fuzzy${at}.example`,
    externalId: `fuzz:o${at}`,
    createdAt: momentOf(at),
    updatedAt: momentOf(at),
  }));
  const users = list(USERS, (at) => ({
    id: idOf('user', at),
    email: `user${at}@fuzzy.example`,
    firstName: 'Ada',
    lastName: `Lovelace ${at}`,
    externalId: `fuzz:u${at}`,
    lastLoginAt: momentOf(at),
    createdAt: momentOf(at),
    updatedAt: momentOf(at),
  }));
  const memberships = list(USERS, (at) => ({
    id: idOf('membership', at),
    userId: idOf('user', at),
    organizationId: idOf('organization', at % 4),
    role: MEMBERSHIP_ROLES[at % 2] as 'owner',
    createdAt: momentOf(at),
    updatedAt: momentOf(at),
  }));
  const keys = list(KEYS, (at) => ({
    id: idOf('key', at),
    userId: idOf('user', at % 5),
    organizationId: idOf('organization', at % 4),
    keyHash: createHash('sha256').update(`key ${at}`).digest(),
    name: `key ${at}`,
    prefix: `hf_test_fuzz${String(at).padStart(4, '0')}`,
    scopes: [...API_KEY_SCOPES],
    expiresAt: new Date('2999-01-01T00:00:00.000Z'),
    lastUsedAt: momentOf(at),
    createdAt: momentOf(at),
    updatedAt: momentOf(at),
  }));
  const events = list(STREAMS * VERSIONS, (at) => ({
    id: idOf('event', at),
    aggregateType: 'order',
    aggregateId: idOf('stream', at % STREAMS),
    aggregateVersion: 1 + Math.floor(at / STREAMS),
    eventType: `order.${at % 2 === 0 ? 'placed' : 'paid'}`,
    eventTimestamp: momentOf(at),
    organizationId: idOf('organization', at % 4),
    userId: idOf('user', at % 5),
    correlationId: idOf('correlation', at % 10),
    tags: [`order:${at % STREAMS}`, 'fuzz'],
    payload: { at },
    createdAt: momentOf(at),
  }));
  await manager.insert(Organization, organizations);
  await manager.insert(User, users);
  await manager.insert(Membership, memberships);
  await manager.insert(ApiKey, keys);
  await manager.insert(Event, events);
  const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);
  return {
    ids: {
      organizations: idsOf(organizations),
      users: idsOf(users),
      memberships: idsOf(memberships),
      'api-keys': idsOf(keys),
      events: idsOf(events),
    },
    values: {
      organizationId: idsOf(organizations),
      userId: idsOf(users),
      aggregateType: ['order'],
      aggregateId: [
        ...list(STREAMS, (at) => idOf('stream', at)),
        ...list(NEW_STREAMS, (at) => idOf('new stream', at)),
      ],
      correlationId: list(10, (at) => idOf('correlation', at)),
      eventType: ['order.placed', 'order.paid'],
      type: ['order.placed', 'order.paid'],
      tag: ['fuzz', 'order:1', 'order:2'],
      expectedVersion: [0, 0, 0, 5],
      streams: list(NEW_STREAMS, (at) => [
        {
          aggregateType: 'order',
          aggregateId: idOf('another stream', at),
          expectedVersion: 0,
          events: [{ eventType: 'order.placed', payload: { at } }],
        },
      ]),
      query: [[{ tags: ['fuzz'] }], [{ types: ['order.never'] }]],
      fromVersion: [1, 2],
      expiresAt: ['2999-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'],
      expiresBefore: ['3000-01-01T00:00:00.000Z'],
      firstName: ['Ada', 'Grace'],
    },
  };
}
