import type { EntityManager } from 'typeorm';
import {
  type AppendRequest,
  actFor,
  appendEvents,
  appendToStreams,
  EventRepository,
  newId,
  readByQuery,
  readLog,
  UserRepository,
} from '../index';
import { type OpenTenants, openTenants, type Tenant } from '../test/open-tenants';

describe('streams and the log of several tenants', () => {
  let tenants: OpenTenants;
  let one: Tenant;
  let other: Tenant;
  let operator: Tenant;

  beforeAll(async () => {
    tenants = await openTenants();
    ({ one, other, operator } = tenants);
  });

  afterAll(() => tenants?.close());

  interface Order {
    readonly aggregateId?: string;
    readonly expectedVersion?: number;
    readonly tags?: string[];
    readonly idempotencyKey?: string;
  }

  const orderOf = (
    tenant: Pick<Tenant, 'organizationId'> | null,
    { aggregateId = newId(), expectedVersion = 0, tags = [], idempotencyKey }: Order = {},
  ): AppendRequest => ({
    aggregateType: 'order',
    aggregateId,
    expectedVersion,
    events: [
      {
        eventType: 'order.placed',
        organizationId: tenant?.organizationId ?? null,
        tags,
        payload: {},
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      },
    ],
  });
  const append = (tenant: Tenant, order: AppendRequest) =>
    tenants.as(tenant, (manager) => appendEvents(manager, order));

  it.each([0, 1, 2])(
    'a stream that another organization has begun is a conflict, whatever version is expected: %i',
    async (expectedVersion) => {
      const aggregateId = newId();
      await append(other, orderOf(other, { aggregateId }));
      const order = orderOf(one, { aggregateId, expectedVersion, idempotencyKey: newId() });
      await expect(append(one, order)).rejects.toMatchObject({ code: 'HOLDFAST_VERSION_CONFLICT' });
      const streams = [orderOf(one, { idempotencyKey: newId() }), order];
      await expect(tenants.as(one, (manager) => appendToStreams(manager, { streams }))).rejects.toMatchObject(
        {
          code: 'HOLDFAST_VERSION_CONFLICT',
          aggregateId,
        },
      );
      const stream = await tenants.as(operator, (manager) =>
        new EventRepository(manager).readStream('order', aggregateId),
      );
      expect(stream.map(({ organizationId }) => organizationId)).toEqual([other.organizationId]);
    },
  );

  it('a key of another organization’s stream that was used before is a conflict, and tells nothing of what it wrote', async () => {
    const [aggregateId, idempotencyKey] = [newId(), newId()];
    await append(other, orderOf(other, { aggregateId, idempotencyKey }));
    await expect(append(one, orderOf(one, { aggregateId, idempotencyKey }))).rejects.toMatchObject({
      code: 'HOLDFAST_VERSION_CONFLICT',
    });
  });

  it('a stream that an operator shares among tenants has no gap, and takes nothing from who does not see its end', async () => {
    const aggregateId = newId();
    await append(operator, orderOf(one, { aggregateId }));
    await append(operator, orderOf(other, { aggregateId, expectedVersion: 1 }));
    await expect(append(one, orderOf(one, { aggregateId, expectedVersion: 1 }))).rejects.toMatchObject({
      code: 'HOLDFAST_VERSION_CONFLICT',
    });
    await append(operator, orderOf(one, { aggregateId, expectedVersion: 2 }));
    await append(one, orderOf(one, { aggregateId, expectedVersion: 3 }));
    const seen = (tenant: Tenant) =>
      tenants.as(tenant, async (manager) =>
        (await new EventRepository(manager).readStream('order', aggregateId)).map(
          (event) => event.aggregateVersion,
        ),
      );
    expect([await seen(one), await seen(other), await seen(operator)]).toEqual([
      [1, 3, 4],
      [2],
      [1, 2, 3, 4],
    ]);
  });

  it.each([
    ['of another organization', () => other],
    ['of none', () => null],
  ])('an event %s is not permitted, alone or with others', async (_, owner) => {
    const refused = { name: 'NotPermittedError', code: 'HOLDFAST_NOT_PERMITTED' };
    await expect(append(one, orderOf(owner()))).rejects.toMatchObject(refused);
    await tenants.as(one, async (manager) => {
      const streams = [orderOf(one), orderOf(owner())];
      await expect(appendToStreams(manager, { streams })).rejects.toMatchObject(refused);
      await expect(appendEvents(manager, orderOf(one))).resolves.toMatchObject({ appended: true });
    });
  });

  it('a condition holds within what its key sees: a tenant’s own, and everything for an operator', async () => {
    const tags = [`username:${newId()}`];
    const query = [{ tags }];
    const claim = (tenant: Tenant, organization: Tenant, after?: string) =>
      tenants.as(tenant, (manager) =>
        appendToStreams(manager, {
          streams: [orderOf(organization, { tags })],
          condition: { query, after },
        }),
      );
    await expect(claim(one, one)).resolves.toMatchObject({ appended: true });
    await expect(claim(one, one)).rejects.toMatchObject({ code: 'HOLDFAST_CONDITION_FAILED' });
    await expect(claim(other, other)).resolves.toMatchObject({ appended: true });
    await expect(claim(operator, one)).rejects.toMatchObject({ code: 'HOLDFAST_CONDITION_FAILED' });
    const { events, after } = await tenants.as(operator, (manager) => readByQuery(manager, query));
    expect(events.map(({ organizationId }) => organizationId)).toEqual([
      one.organizationId,
      other.organizationId,
    ]);
    await append(one, orderOf(one, { tags }));
    await expect(claim(operator, one, after)).rejects.toMatchObject({ code: 'HOLDFAST_CONDITION_FAILED' });
  });

  it('of two claims at once by keys of one organization, one is refused', async () => {
    const tags = [`username:${newId()}`];
    const claims = Array.from({ length: 4 }, () =>
      tenants.as(one, (manager) =>
        appendToStreams(manager, { streams: [orderOf(one, { tags })], condition: { query: [{ tags }] } }),
      ),
    );
    const outcomes = await Promise.allSettled(claims);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('the log of a tenant is its own events in their order, with none skipped that commits late', async () => {
    let cursor: string | undefined;
    const seen: string[] = [];
    const read = async () => {
      const stretch = await readLog(tenants.application, { keyHash: one.keyHash, after: cursor, limit: 2 });
      cursor = stretch.cursor;
      seen.push(...stretch.events.map(({ aggregateId }) => aggregateId));
      return stretch;
    };
    while ((await read()).events.length > 0);
    seen.length = 0;

    const late = tenants.application.createQueryRunner();
    const [first, second, third] = [orderOf(one), orderOf(one), orderOf(one)];
    try {
      await late.startTransaction();
      await actFor(late.manager, one.keyHash);
      await appendEvents(late.manager, first);
      await append(other, orderOf(other));
      await append(one, second);
      await read();
      expect(seen).toEqual([]);
      await late.commitTransaction();
    } finally {
      await late.release();
    }
    await append(other, orderOf(other));
    await append(one, third);
    while (seen.length < 3) await read();
    expect(seen).toEqual([first, second, third].map(({ aggregateId }) => aggregateId));
    const nobodys = await readLog(tenants.application);
    expect(nobodys.events).toEqual([]);
  });

  it('a tenant with few events passes over those of others once, a stretch at a time', async () => {
    const read = (after?: string) => readLog(tenants.application, { keyHash: one.keyHash, after });
    let { cursor, isMore } = await read();
    while (isMore) ({ cursor, isMore } = await read(cursor));
    await tenants.dataSource.query(
      `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload)
       select 'load', gen_random_uuid(), 1, gen_random_uuid(), 'load', now(), $1, '{}' from generate_series(1, 60000)`,
      [other.organizationId],
    );
    const first = await read(cursor);
    expect(first).toMatchObject({ events: [], isMore: true });
    const second = await read(first.cursor);
    expect(second).toMatchObject({ events: [], isMore: false, lag: 0 });
    const order = orderOf(one);
    await append(one, order);
    const third = await read(second.cursor);
    expect(third.events.map(({ aggregateId }) => aggregateId)).toEqual([order.aggregateId]);

    // In another run of the server what was looked through says nothing: it is looked through again.
    const elsewhere = JSON.parse(Buffer.from(second.cursor, 'base64url').toString());
    elsewhere[3][1] = 'another run';
    const again = await read(Buffer.from(JSON.stringify(elsewhere)).toString('base64url'));
    expect(again).toMatchObject({ events: [], isMore: true });
    // That the log still has the event of the cursor is asked wherever the reader has come to since.
    await append(other, orderOf(other));
    const fourth = await read(third.cursor);
    expect(fourth).toMatchObject({ events: [], isMore: false });
    await tenants.dataSource.query('update events set id = $1 where id = $2', [newId(), third.events[0]?.id]);
    await expect(read(fourth.cursor)).rejects.toMatchObject({ code: 'HOLDFAST_LOG_REWOUND' });
  });

  it('whoever has taken on the application’s role finds no more than the role sees', async () => {
    const find = (manager: EntityManager) =>
      new UserRepository(manager).findByEmail(`${other.userId}@tenant.example`);
    expect(await tenants.as(one, find)).toBeNull();
    expect(await find(tenants.dataSource.manager)).toMatchObject({ id: other.userId });
    await tenants.dataSource.transaction(async (manager) => {
      await manager.query('set local role holdfast_app');
      expect(await find(manager)).toBeNull();
      await actFor(manager, one.keyHash);
      expect(await find(manager)).toBeNull();
      await actFor(manager, operator.keyHash);
      expect(await find(manager)).toMatchObject({ id: other.userId });
    });
  });

  it.each(['Infinity', 'infinity'])(
    'a caller who asks the functions of the owner directly sees no more: %s',
    async (time) => {
      const counts = await tenants.as(one, (manager) =>
        manager.query(
          `select
           (select count(*)::int from tenancy.events_of_organization($1, $2, 9223372036854775807, 500)) as events,
           (select count(*)::int from tenancy.users_by_role('active', 'member', $2, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 500)) as users,
           (select count(*)::int from tenancy.events_by_query('[{}]', 0, null, false, false, 500) where organization_id <> $3) as others`,
          [other.organizationId, time, one.organizationId],
        ),
      );
      expect(counts).toEqual([{ events: 0, users: 1, others: 0 }]);
    },
  );
});
