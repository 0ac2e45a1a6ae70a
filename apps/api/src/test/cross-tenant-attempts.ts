import { randomUUID } from 'node:crypto';
import type { Tenant } from './tenant';

/** One way of asking an operation for what is another's. */
export interface Attempt {
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * `missing`: as if there were none of that id. `own`: a list in which there is nothing of the other. `empty`: a list of nothing.
   * `refused`: nobody but an operator may. `conflict`: whatever
   * there is, it cannot be gone on with.
   */
  readonly becomes: 'missing' | 'own' | 'empty' | 'refused' | 'conflict';
}

const CHANGE = { 'if-match': '*' };

/** How each operation of the document is tried: a new one has to say here what becomes of it. */
export const ATTEMPTS: Readonly<Record<string, (other: Tenant, own: Tenant) => readonly Attempt[]>> = {
  'get /v1/organizations': ({ name }) => [
    { path: '/v1/organizations?status=active', becomes: 'own' },
    { path: '/v1/organizations?name=Tenant', becomes: 'own' },
    { path: `/v1/organizations?domain=${name}.example`, becomes: 'empty' },
    { path: `/v1/organizations?externalId=crm:${name}`, becomes: 'empty' },
  ],
  'post /v1/organizations': () => [
    { path: '/v1/organizations', body: { name: 'Another' }, becomes: 'refused' },
  ],
  'get /v1/organizations/{id}': ({ organization }) => [
    { path: `/v1/organizations/${organization}`, becomes: 'missing' },
  ],
  'patch /v1/organizations/{id}': ({ organization }) => [
    {
      path: `/v1/organizations/${organization}`,
      body: { name: 'Taken' },
      headers: CHANGE,
      becomes: 'missing',
    },
    {
      path: `/v1/organizations/${organization}`,
      body: { name: 'Taken' },
      headers: { 'if-match': '"1"' },
      becomes: 'missing',
    },
  ],
  'get /v1/organizations/{id}/members': ({ organization }) => [
    { path: `/v1/organizations/${organization}/members?role=member`, becomes: 'missing' },
  ],
  'get /v1/organizations/{id}/activity': ({ organization }) => [
    { path: `/v1/organizations/${organization}/activity`, becomes: 'missing' },
  ],
  'post /v1/events/append': ({ organization, aggregate }) => [
    {
      path: '/v1/events/append',
      body: {
        streams: [
          {
            ...{ aggregateType: 'order', aggregateId: randomUUID(), expectedVersion: 0 },
            events: [{ eventType: 'x', payload: {}, organizationId: organization }],
          },
        ],
      },
      becomes: 'refused',
    },
    {
      path: '/v1/events/append',
      body: {
        streams: [
          {
            ...{ aggregateType: 'order', aggregateId: aggregate, expectedVersion: 2 },
            events: [{ eventType: 'x', payload: {}, organizationId: organization }],
          },
        ],
      },
      becomes: 'conflict',
    },
  ],
  'post /v1/events/query': ({ name }) => [
    { path: '/v1/events/query', body: { query: [{ tags: [`of:${name}`] }] }, becomes: 'empty' },
    { path: '/v1/events/query', body: { query: [{ tags: ['all'] }] }, becomes: 'own' },
  ],
  'get /v1/log': () => [{ path: '/v1/log', becomes: 'own' }],
  'get /v1/users': ({ name }) => [
    { path: '/v1/users?status=active&role=member', becomes: 'own' },
    { path: `/v1/users?firstName=${name}`, becomes: 'empty' },
    { path: `/v1/users?email=user@${name}.example`, becomes: 'empty' },
    { path: `/v1/users?externalId=crm:${name}`, becomes: 'empty' },
  ],
  'post /v1/users': () => [{ path: '/v1/users', body: {}, becomes: 'refused' }],
  'get /v1/users/recently-active': () => [{ path: '/v1/users/recently-active', becomes: 'own' }],
  'get /v1/users/{id}': ({ user }) => [{ path: `/v1/users/${user}`, becomes: 'missing' }],
  'patch /v1/users/{id}': ({ user }) => [
    { path: `/v1/users/${user}`, body: { lastName: 'Taken' }, headers: CHANGE, becomes: 'missing' },
  ],
  'get /v1/users/{id}/organizations': ({ user }) => [
    { path: `/v1/users/${user}/organizations`, becomes: 'missing' },
  ],
  'post /v1/memberships': ({ user, organization }, own) => [
    { path: '/v1/memberships', body: { userId: own.user, organizationId: organization }, becomes: 'refused' },
    {
      path: '/v1/memberships',
      body: { userId: own.user, organizationId: organization, status: 'pending' },
      becomes: 'refused',
    },
    // Whoever is asked to come decides about it.
    { path: '/v1/memberships', body: { userId: user, organizationId: own.organization }, becomes: 'refused' },
  ],
  'get /v1/memberships': ({ user, organization }) => [
    { path: `/v1/memberships?userId=${user}&organizationId=${organization}`, becomes: 'empty' },
  ],
  'get /v1/memberships/{id}': ({ membership }) => [
    { path: `/v1/memberships/${membership}`, becomes: 'missing' },
  ],
  'patch /v1/memberships/{id}': ({ membership }) => [
    { path: `/v1/memberships/${membership}`, body: { role: 'owner' }, headers: CHANGE, becomes: 'missing' },
  ],
  'post /v1/memberships/{id}/accept': ({ membership }) => [
    { path: `/v1/memberships/${membership}/accept`, body: {}, becomes: 'missing' },
  ],
  'delete /v1/memberships/{id}': ({ membership }) => [
    { path: `/v1/memberships/${membership}`, headers: CHANGE, becomes: 'missing' },
  ],
  'post /v1/api-keys': ({ user, organization }, own) => [
    {
      path: '/v1/api-keys',
      body: { userId: own.user, organizationId: organization, name: 'x', scopes: ['read'] },
      becomes: 'refused',
    },
    { path: '/v1/api-keys', body: { userId: user, name: 'x', scopes: ['read'] }, becomes: 'refused' },
    {
      path: '/v1/api-keys',
      body: { userId: own.user, organizationId: null, name: 'x', scopes: ['read'] },
      becomes: 'refused',
    },
  ],
  'get /v1/api-keys': ({ user, organization }) => [
    { path: `/v1/api-keys?userId=${user}&status=active`, becomes: 'empty' },
    { path: `/v1/api-keys?organizationId=${organization}&status=active`, becomes: 'empty' },
    { path: '/v1/api-keys?expiresBefore=3000-01-01T00:00:00Z', becomes: 'own' },
  ],
  'get /v1/api-keys/recently-used': () => [{ path: '/v1/api-keys/recently-used', becomes: 'own' }],
  'get /v1/api-keys/{id}': ({ key }) => [{ path: `/v1/api-keys/${key}`, becomes: 'missing' }],
  'patch /v1/api-keys/{id}': ({ key }) => [
    { path: `/v1/api-keys/${key}`, body: { name: 'taken' }, headers: CHANGE, becomes: 'missing' },
  ],
  'post /v1/api-keys/{id}/rotate': ({ key }) => [
    { path: `/v1/api-keys/${key}/rotate`, body: {}, becomes: 'missing' },
  ],
  'post /v1/api-keys/{id}/revoke': ({ key }) => [{ path: `/v1/api-keys/${key}/revoke`, becomes: 'missing' }],
  'post /v1/events': ({ organization, aggregate }) => [
    {
      path: '/v1/events',
      body: {
        ...{ aggregateType: 'order', aggregateId: randomUUID(), expectedVersion: 0 },
        events: [{ eventType: 'x', payload: {}, organizationId: organization }],
      },
      becomes: 'refused',
    },
    {
      path: '/v1/events',
      body: {
        ...{ aggregateType: 'order', aggregateId: aggregate, expectedVersion: 2 },
        events: [{ eventType: 'x', payload: {}, organizationId: organization }],
      },
      becomes: 'conflict',
    },
  ],
  'get /v1/events': ({ name, user, organization, correlation }) => [
    { path: `/v1/events?organizationId=${organization}`, becomes: 'empty' },
    { path: `/v1/events?organizationId=${organization}&type=order.placed`, becomes: 'empty' },
    { path: `/v1/events?userId=${user}`, becomes: 'empty' },
    { path: `/v1/events?userId=${user}&type=order.placed`, becomes: 'empty' },
    { path: `/v1/events?correlationId=${correlation}`, becomes: 'empty' },
    { path: `/v1/events?tag=of:${name}`, becomes: 'empty' },
    { path: '/v1/events?tag=all', becomes: 'own' },
    { path: '/v1/events?type=order.placed', becomes: 'own' },
  ],
  'get /v1/events/{id}': ({ event }) => [{ path: `/v1/events/${event}`, becomes: 'missing' }],
  'get /v1/streams/{aggregateType}/{aggregateId}': ({ aggregate }) => [
    { path: `/v1/streams/order/${aggregate}`, becomes: 'empty' },
  ],
};
