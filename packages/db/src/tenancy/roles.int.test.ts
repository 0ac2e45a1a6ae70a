import { randomBytes } from 'node:crypto';
import { examine, readStatus } from '@holdfast/online-schema';
import {
  ApiKeyRepository,
  type AppendRequest,
  actFor,
  appendEvents,
  appendToStreams,
  EVERY_TENANT,
  EventRepository,
  IdempotencyRepository,
  listDeadLetters,
  MembershipRepository,
  newId,
  OrganizationRepository,
  readByQuery,
  readLog,
  replayDeadLetter,
  runEventWorker,
  UserRepository,
} from '../index';
import { type OpenTenants, openTenants, type Tenant } from '../test/open-tenants';

describe('what the roles are for', () => {
  let tenants: OpenTenants;
  let one: Tenant;
  let operator: Tenant;

  beforeAll(async () => {
    tenants = await openTenants();
    ({ one, operator } = tenants);
  });

  afterAll(() => tenants?.close());

  const orderOf = ({ organizationId, userId }: Tenant, expectedVersion = 0): AppendRequest => ({
    aggregateType: 'order',
    aggregateId: newId(),
    expectedVersion,
    events: [
      {
        eventType: 'order.placed',
        organizationId,
        userId,
        tags: [`organization:${organizationId}`],
        idempotencyKey: newId(),
        payload: {},
      },
    ],
  });
  const until = (signal: AbortSignal) =>
    signal.aborted || new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

  it('an operator creates, changes, finds and lists what there is, as the application', async () => {
    await tenants.as(operator, async (manager) => {
      const organizations = new OrganizationRepository(manager);
      const users = new UserRepository(manager);
      const memberships = new MembershipRepository(manager);
      const domain = `${newId()}.example`;
      const organization = await organizations.create({ name: 'Made by an operator', domain });
      const user = await users.create({ email: `${newId()}@x.example`, firstName: 'Ada', lastName: 'Roles' });
      const membership = await memberships.create({ userId: user.id, organizationId: organization.id });
      await organizations.update(organization.id, { name: 'Changed by an operator' }, [1]);
      await users.update(user.id, { status: 'suspended' }, [1]);
      await users.update(user.id, { status: 'active' }, 'any');
      await users.recordLogin(user.id, new Date());
      await users.recordLogin(user.id, new Date());
      await memberships.update(membership.id, { role: 'admin' }, [1]);

      expect((await organizations.findByDomain(domain.toUpperCase()))?.name).toBe('Changed by an operator');
      expect(idsOf(await organizations.searchByName('changed by'))).toEqual([organization.id]);
      expect(idsOf((await organizations.pageByStatus('active', { limit: 1 })).items)).toEqual([
        organization.id,
      ]);
      expect((await users.findByEmail(user.email as string))?.id).toBe(user.id);
      expect(idsOf(await users.searchByName('ada', 'ro'))).toEqual([user.id]);
      expect(idsOf(await users.searchByLastName('roles'))).toEqual([user.id]);
      expect(idsOf((await users.pageByStatusAndRole('active', 'member', { limit: 1 })).items)).toEqual([
        user.id,
      ]);
      expect(idsOf((await users.pageByLatestLogin({ limit: 1 })).items)).toEqual([user.id]);
      expect(await memberships.delete(membership.id, 'any')).toBe(true);
    });
  });

  it('a key makes, changes, rotates and revokes keys of its organization', async () => {
    await tenants.as(one, async (manager) => {
      const keys = new ApiKeyRepository(manager);
      const { userId, organizationId } = one;
      const [first, second] = [randomBytes(32), randomBytes(32)];
      const { id } = await keys.create({ userId, organizationId, keyHash: first, name: 'first' });
      const { id: successor } = await keys.create({ userId, organizationId, keyHash: second });
      expect(await keys.update(id, { name: 'renamed' }, [1])).toMatchObject({ name: 'renamed', version: 2 });
      expect(await keys.retire(id, successor, 60)).toMatchObject({ rotatedTo: successor });
      expect(await keys.findUsable(first, new Date())).toMatchObject({ id, name: 'renamed', organizationId });
      expect(await keys.recordUse(second, new Date())).toBe(true);
      expect(await keys.revoke(id)).toMatchObject({ status: 'revoked' });
      expect(await keys.findUsable(first, new Date())).toBeNull();
      expect(idsOf((await keys.pageByOrganization(organizationId, 'active')).items)).toEqual([
        one.keyId,
        successor,
      ]);
      expect(idsOf((await keys.pageByLatestUse()).items)).toEqual([successor]);
    });
  });

  it('the application knows a key by its hash before it acts for anybody, and notes its use', async () => {
    const keys = new ApiKeyRepository(tenants.application.manager);
    const found = await keys.findUsable(operator.keyHash, new Date());
    expect(found).toMatchObject({
      id: operator.keyId,
      organizationId: null,
      scopes: ['read', 'keys'],
      version: 1,
    });
    expect(found?.keyHash).toBeUndefined();
    expect(await keys.recordUse(operator.keyHash, new Date())).toBe(true);
    expect(await keys.recordUse(operator.keyHash, new Date())).toBe(false);
    expect(await keys.findById(operator.keyId)).toBeNull();
  });

  it('a key appends, decides from what it has read, and reads it every way', async () => {
    const { organizationId, userId } = one;
    const order = orderOf(one);
    await tenants.as(one, async (manager) => {
      const appended = await appendEvents(manager, order);
      expect(await appendEvents(manager, order)).toEqual({ appended: false, events: appended.events });
    });
    await tenants.as(one, async (manager) => {
      const query = [{ tags: [`organization:${organizationId}`] }, { types: ['order.cancelled'] }];
      const { events: found, after } = await readByQuery(manager, query);
      expect(found).toHaveLength(1);
      const condition = { query, after };
      const streams = [orderOf(one), orderOf(one)];
      await expect(appendToStreams(manager, { streams, condition })).resolves.toMatchObject({
        appended: true,
      });
      await expect(appendToStreams(manager, { streams: [orderOf(one)], condition })).rejects.toMatchObject({
        code: 'HOLDFAST_CONDITION_FAILED',
        item: 0,
      });
    });
    await tenants.as(one, async (manager) => {
      const events = new EventRepository(manager);
      const eventType = 'order.placed';
      const pages = [
        await events.pageByOrganization(organizationId),
        await events.pageByOrganization(organizationId, { eventType }),
        await events.pageByUser(userId),
        await events.pageByUser(userId, { eventType }),
        await events.pageByType(eventType),
        await events.pageByTags([`organization:${organizationId}`]),
      ];
      expect(pages.map(({ items }) => items.length)).toEqual([3, 3, 3, 3, 3, 3]);
      expect(await events.readStream('order', order.aggregateId)).toHaveLength(1);
    });
    const log = await readLog(tenants.application, { keyHash: one.keyHash });
    expect(log.events).toHaveLength(3);
  });

  it('does each request of a tenant once, and sweeps the records of all', async () => {
    const record = {
      key: 'k',
      fingerprint: Buffer.alloc(32),
      callId: newId(),
      status: 201,
      headers: {},
      body: '{}',
    };
    const scopes = [one.organizationId, EVERY_TENANT] as const;
    for (const [at, tenant] of [one, operator].entries()) {
      await tenants.as(tenant, async (manager) => {
        const records = new IdempotencyRepository(manager);
        const scope = scopes[at] as string;
        expect(await records.tryLock({ scope, key: 'k' })).toBe(true);
        await records.write({ ...record, scope });
        expect(await records.find({ scope, key: 'k' })).toMatchObject({ scope, status: 201 });
        expect(await records.find({ scope: scopes[1 - at] as string, key: 'k' })).toBeNull();
      });
    }
    await tenants.dataSource.query('update idempotency_keys set expires_at = now()');
    const unbound = new IdempotencyRepository(tenants.application.manager);
    expect([await unbound.deleteExpired(1), await unbound.deleteExpired(10)]).toEqual([1, 1]);
  });

  it.each(['lock', 'lease'] as const)(
    'a worker handles events of all tenants by %s, and replays',
    async (claims) => {
      const stopping = new AbortController();
      const order = orderOf(one);
      const { aggregateId } = order;
      await tenants.as(one, (manager) => appendEvents(manager, order));
      const followUp: AppendRequest = {
        aggregateType: 'shipment',
        aggregateId,
        expectedVersion: 0,
        events: [{ eventType: 'shipment.asked', organizationId: one.organizationId, payload: {} }],
      };
      await tenants.dataSource.query(
        `update events set retry_count = 4 where aggregate_id = $1 and event_type = 'order.placed'`,
        [aggregateId],
      );
      let isWilling = false;
      const work = runEventWorker(tenants.worker, {
        claims,
        pollMs: 20,
        signal: stopping.signal,
        otherTypes: 'done',
        handlers: {
          'order.placed': async (event, { manager }) => {
            if (event.aggregateId !== aggregateId) return;
            if (!isWilling) throw new Error('not yet');
            await appendEvents(manager, followUp);
            expect(
              await new UserRepository(manager).findByEmail(`${one.userId}@tenant.example`),
            ).not.toBeNull();
            stopping.abort();
          },
        },
      });
      try {
        let letter: string | undefined;
        while (letter === undefined) {
          const { items } = await listDeadLetters(tenants.worker.manager);
          letter = items.find((event) => event.aggregateId === aggregateId)?.id;
        }
        isWilling = true;
        expect(await replayDeadLetter(tenants.worker.manager, letter)).toBe(true);
        await until(stopping.signal);
      } finally {
        stopping.abort();
        await work;
      }
      const [shipment] = await tenants.dataSource.query(
        'select processed from events where aggregate_id = $1 and processed',
        [aggregateId],
      );
      expect(shipment).toEqual({ processed: true });
      expect((await listDeadLetters(tenants.worker.manager)).items).toEqual([]);
    },
  );

  it('who only looks sees everything but hashes, examines, and changes nothing', async () => {
    const { manager } = tenants.reader;
    expect((await listDeadLetters(manager)).items).toEqual([]);
    expect(
      (await new EventRepository(manager).pageByTags([`organization:${one.organizationId}`])).items.length,
    ).toBe(5);
    expect(await new UserRepository(manager).findByEmail(`${one.userId}@tenant.example`)).toMatchObject({
      id: one.userId,
    });
    expect(await new ApiKeyRepository(manager).findById(one.keyId)).toMatchObject({ id: one.keyId });
    expect((await readLog(tenants.reader)).events.length).toBeGreaterThan(3);
    expect((await readStatus(tenants.reader)).migrations.every(({ state }) => state === 'applied')).toBe(
      true,
    );
    expect((await examine(tenants.reader)).checks.length).toBeGreaterThan(10);
    for (const sql of [
      'select key_hash from api_keys',
      'update events set processed = true',
      'delete from event_leases',
      'insert into users (id) values (gen_random_uuid())',
      `select tenancy.identify('\\x00')`,
      'select tenancy.sweep_idempotency_keys(1)',
    ]) {
      await expect(manager.query(sql)).rejects.toMatchObject({ driverError: { code: '42501' } });
    }
  });

  it('a worker changes nothing of an event but how its handling stands', async () => {
    for (const sql of [
      `update events set payload = '{}'`,
      'delete from events',
      'update users set email = null',
      'select key_hash from api_keys',
      `select tenancy.identify('\\x00')`,
    ]) {
      await expect(tenants.worker.query(sql)).rejects.toMatchObject({ driverError: { code: '42501' } });
    }
  });

  it('shows the hash of who asks to no other session, which sees the texts of all that the role sends', async () => {
    await tenants.as(one, async (manager) => {
      const seen: { query: string }[] = await tenants.application.query(
        `select query from pg_stat_activity where usename = session_user and pid <> pg_backend_pid()`,
      );
      expect(seen.map(({ query }) => query)).toContainEqual(expect.stringContaining('holdfast.key'));
      expect(JSON.stringify(seen)).not.toContain(one.keyHash.toString('hex'));
      // The control: in a text, it would be seen.
      await manager.query(`set local holdfast.key = '${one.keyHash.toString('hex')}'`);
      const [text] = await tenants.application.query(
        `select count(*)::int as n from pg_stat_activity where query like '%' || $1 || '%' and pid <> pg_backend_pid()`,
        [one.keyHash.toString('hex')],
      );
      expect(text).toEqual({ n: 1 });
      await actFor(manager, one.keyHash);
    });
  });
});
