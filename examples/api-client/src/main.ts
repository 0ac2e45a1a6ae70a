import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Organization = components['schemas']['Organization'];

const client = createClient<paths>({
  baseUrl: process.env.HOLDFAST_URL ?? 'http://127.0.0.1:3000',
  headers: { Authorization: `Bearer ${process.env.HOLDFAST_KEY}`, 'Request-Timeout': '5' },
});

function say(...words: unknown[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

/** What was answered, or an error that says which problem it was. */
function unwrap<T>({ data, error }: { data?: T; error?: components['schemas']['Problem'] }): NonNullable<T> {
  if (error !== undefined) throw new Error(`${error.type}: ${error.detail}`);
  if (data === undefined || data === null) throw new Error('an answer without a body');
  return data;
}

/** Creates an organization: sent twice, as after a lost answer, and done once. */
async function createOrganization(name: string): Promise<Organization> {
  const header = { 'Idempotency-Key': randomUUID() };
  const send = () => client.POST('/v1/organizations', { params: { header }, body: { name } });
  const [first, second] = [unwrap(await send()), await send()];
  say('created once:', first.id === unwrap(second).id);
  say('replayed:', second.response.headers.get('idempotency-replayed'));
  return first;
}

/** Renames it for the version that was read; whoever comes later with that version is refused. */
async function rename(id: string): Promise<void> {
  const path = { id };
  const read = await client.GET('/v1/organizations/{id}', { params: { path } });
  const etag = read.response.headers.get('etag') ?? '';
  const known = await client.GET('/v1/organizations/{id}', {
    params: { path, header: { 'If-None-Match': etag } },
  });
  say('unchanged:', known.response.status);
  const change = (name: string) =>
    client.PATCH('/v1/organizations/{id}', {
      params: { path, header: { 'If-Match': etag } },
      body: { name },
    });
  say('renamed:', unwrap(await change('Renamed')).name);
  const late = await change('Too late');
  say('too late:', late.response.status, late.error?.type);
}

/** Makes a key, appends an event, and reads its stream. */
async function work(organizationId: string): Promise<void> {
  const user = unwrap(await client.POST('/v1/users', { body: { firstName: 'Ada' } }));
  const membership = unwrap(
    await client.POST('/v1/memberships', { body: { userId: user.id, organizationId, role: 'owner' } }),
  );
  const key = unwrap(
    await client.POST('/v1/api-keys', {
      body: { userId: user.id, organizationId, name: 'client', scopes: ['events:append'] },
    }),
  );
  say('key:', /^hf_[a-z]+_\w{8}_\w{43}_\w{6}$/.test(key.key ?? ''));
  const aggregateId = randomUUID();
  const events = [{ eventType: 'order.placed', payload: { cents: 1200 }, organizationId, userId: user.id }];
  unwrap(
    await client.POST('/v1/events', {
      body: { aggregateType: 'order', aggregateId, expectedVersion: 0, events },
    }),
  );
  const path = { aggregateType: 'order', aggregateId };
  const { items } = unwrap(
    await client.GET('/v1/streams/{aggregateType}/{aggregateId}', { params: { path } }),
  );
  say('stream:', items.map(({ eventType }) => eventType).join());
  const ended = await client.DELETE('/v1/memberships/{id}', {
    params: { path: { id: membership.id }, header: { 'If-Match': '*' } },
  });
  say('ended:', ended.response.status);
}

const { id } = await createOrganization('Client');
await rename(id);
await work(id);
