import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ApiKeyScope } from '../entities/api-key.entity';
import { Membership } from '../entities/membership.entity';
import { newId } from '../new-id';
import { MembershipRepository } from '../repositories/membership.repository';
import { type OpenTenants, openTenants, type Tenant } from '../test/open-tenants';
import { actFor as actForKey, EVERY_TENANT } from './act-for';

describe('tenants on one database', () => {
  let tenants: OpenTenants;
  let one: Tenant;
  let other: Tenant;
  let operator: Tenant;

  beforeAll(async () => {
    tenants = await openTenants();
    ({ one, other, operator } = tenants);
    for (const tenant of [one, other]) await createEvent(tenant);
  });

  afterAll(() => tenants?.close());

  const createEvent = ({ organizationId }: Tenant) =>
    tenants.dataSource.query(
      `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload)
       values ('order', $1, 1, $2, 'order.placed', now(), $3, '{}')`,
      [newId(), newId(), organizationId],
    );

  /** As the application's user, with whatever it has been told to act for; what it writes is undone. */
  async function asApp<T>(
    tenant: Tenant | undefined,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const runner = tenants.application.createQueryRunner();
    await runner.startTransaction();
    try {
      await actFor(runner.manager, tenant);
      return await work(runner.manager);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }

  const actFor = (manager: EntityManager, tenant?: Tenant) =>
    manager.query(`select set_config('holdfast.key', $1, true)`, [tenant?.keyHash.toString('hex') ?? '']);

  const TABLES = ['organizations', 'users', 'user_organizations', 'events', 'api_keys'];
  const count = async (manager: EntityManager, table: string) =>
    Number((await manager.query(`select count(*) as n from ${table}`))[0].n);

  it.each(TABLES)('a key sees its own rows of %s, an operator all, and nobody none', async (table) => {
    expect(await asApp(one, (manager) => count(manager, table))).toBe(1);
    expect(await asApp(operator, (manager) => count(manager, table))).toBeGreaterThanOrEqual(2);
    expect(await asApp(undefined, (manager) => count(manager, table))).toBe(0);
  });

  it.each([
    ['a hash that is no key', randomBytes(32).toString('hex')],
    ['something else than a hash', '00'],
  ])('sees nothing with %s', async (_, key) => {
    const seen = await asApp(one, async (manager) => {
      await manager.query(`select set_config('holdfast.key', $1, true)`, [key]);
      const counts: number[] = [];
      for (const table of TABLES) counts.push(await count(manager, table));
      return counts;
    });
    expect(seen).toEqual([0, 0, 0, 0, 0]);
  });

  it.each([
    ['events:read', [1, 1, 1, 1, 1]],
    ['keys', [0, 0, 0, 0, 0]],
    ['events:rea', [0, 0, 0, 0, 0]],
    ['no scope', [0, 0, 0, 0, 0]],
  ])(
    'a key that acts for %s sees %j of its rows, as it has or has not the scope',
    async (scope, expected) => {
      const third = await tenants.createTenant();
      await createEvent(third);
      await tenants.dataSource.query(
        `update api_keys set scopes = '{read,events:read}' where key_hash = $1`,
        [third.keyHash],
      );
      const seen = await asApp(undefined, async (manager) => {
        await actForKey(manager, third.keyHash, scope as ApiKeyScope);
        const counts: number[] = [];
        for (const table of TABLES) counts.push(await count(manager, table));
        return counts;
      });
      expect(seen).toEqual(expected);
    },
  );

  it('a key that acts for a scope makes another one', async () => {
    const third = await tenants.createTenant();
    await tenants.dataSource.query(`update api_keys set scopes = '{keys}' where key_hash = $1`, [
      third.keyHash,
    ]);
    const made = await asApp(undefined, async (manager) => {
      await actForKey(manager, third.keyHash, 'keys');
      return manager.query(
        'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4) returning id',
        [newId(), third.userId, third.organizationId, randomBytes(32)],
      );
    });
    expect(made).toHaveLength(1);
  });

  it('a key that acts for a scope that it has not writes nothing', async () => {
    const insert = (scope: ApiKeyScope) =>
      asApp(undefined, async (manager) => {
        await actForKey(manager, one.keyHash, scope);
        await manager.query(
          `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload)
           values ('order', $1, 1, $2, 'x', now(), $3, '{}')`,
          [newId(), newId(), one.organizationId],
        );
      });
    await tenants.dataSource.query(`update api_keys set scopes = '{events:append}' where key_hash = $1`, [
      one.keyHash,
    ]);
    await expect(insert('events:append')).resolves.toBeUndefined();
    await expect(insert('events:read')).rejects.toMatchObject({ driverError: { code: '42501' } });
  });

  it.each(['revoked', 'inactive'])(
    'a key that is %s sees nothing, from the next statement on',
    async (status) => {
      const third = await tenants.createTenant();
      await createEvent(third);
      expect(await asApp(third, (manager) => count(manager, 'events'))).toBe(1);
      await tenants.dataSource.query('update api_keys set status = $1 where key_hash = $2', [
        status,
        third.keyHash,
      ]);
      expect(await asApp(third, (manager) => count(manager, 'events'))).toBe(0);
    },
  );

  it.each([
    [
      'an event of another organization',
      () => [
        `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload)
       values ('order', $1, 1, $2, 'x', now(), $3, '{}')`,
        [newId(), newId(), other.organizationId],
      ],
    ],
    [
      'an API key of another organization',
      () => [
        'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
        [newId(), one.userId, other.organizationId, randomBytes(32)],
      ],
    ],
    [
      'an API key of an operator',
      () => [
        'insert into api_keys (id, user_id, key_hash) values ($1, $2, $3)',
        [newId(), one.userId, randomBytes(32)],
      ],
    ],
    [
      'an API key of its own organization for a stranger, whose rows that would show',
      () => [
        'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
        [newId(), other.userId, one.organizationId, randomBytes(32)],
      ],
    ],
    [
      'a record of a request of another organization',
      () => [
        `insert into idempotency_keys (scope, key, fingerprint, call_id, status, headers, body, expires_at)
         values ($1, 'k', sha256('x'), $2, 201, '{}', '', now())`,
        [other.organizationId, newId()],
      ],
    ],
    [
      'an active membership of a stranger',
      () => [
        'insert into user_organizations (id, user_id, organization_id) values ($1, $2, $3)',
        [newId(), other.userId, one.organizationId],
      ],
    ],
    [
      'a membership of another organization',
      () => [
        `insert into user_organizations (id, user_id, organization_id, status) values ($1, $2, $3, 'pending')`,
        [newId(), one.userId, other.organizationId],
      ],
    ],
    ['an organization', () => ['insert into organizations (id, name) values ($1, $2)', [newId(), 'mine']]],
    ['a user', () => ['insert into users (id) values ($1)', [newId()]]],
  ] satisfies [string, () => [string, unknown[]]][])('a key cannot write %s', async (_, statement) => {
    await expect(asApp(one, (manager) => manager.query(...statement()))).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('a key cannot make one for another member, whose rows elsewhere that would show; an operator’s can', async () => {
    const third = await tenants.createTenant();
    const join = 'insert into user_organizations (id, user_id, organization_id) values ($1, $2, $3)';
    await tenants.dataSource.query(join, [newId(), one.userId, third.organizationId]);
    const create = (tenant: Tenant, userId: string) =>
      asApp(tenant, (manager) =>
        manager.query(
          'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
          [newId(), userId, third.organizationId, randomBytes(32)],
        ),
      );
    await expect(create(third, one.userId)).rejects.toMatchObject({ code: '42501' });
    await expect(create(third, third.userId)).resolves.toBeDefined();
    await expect(create(operator, one.userId)).resolves.toBeDefined();
  });

  it.each([
    ['global_position', '9223372036854775807'],
    ['transaction_id', `'3'`],
    ['processed', 'true'],
    ['retry_count', '5'],
    ['last_error', `'x'`],
    ['created_at', `'infinity'`],
  ])('whoever appends does not choose %s of an event', async (column, value) => {
    const insert = (columns: string, values: string) =>
      asApp(one, (manager) =>
        manager.query(
          `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload ${columns})
           values ('order', $1, 1, $2, 'x', now(), $3, '{}' ${values})`,
          [newId(), newId(), one.organizationId],
        ),
      );
    await expect(insert('', '')).resolves.toBeDefined();
    await expect(insert(`, ${column}`, `, ${value}`)).rejects.toThrow('permission denied for table events');
  });

  // Known, and said in docs/tenancy.md: comparisons of ids and types are leakproof, and may come before a policy.
  it('a statement of one’s own counts rows of others by EXPLAIN ANALYZE, and shows none', async () => {
    const { rows, plan } = await asApp(one, async (manager) => {
      await manager.query('set local enable_seqscan = off');
      const question = `select organization_id from events where event_type = 'order.placed'`;
      const [explained] = await manager.query(`explain (analyze, timing off, format json) ${question}`);
      return { rows: await manager.query(question), plan: explained['QUERY PLAN'][0].Plan };
    });
    expect(rows).toEqual([{ organization_id: one.organizationId }]);
    const all = await count(tenants.dataSource.manager, `events where event_type = 'order.placed'`);
    expect(plan['Rows Removed by Filter']).toBe(all - 1);
  });

  it('a policy asks once whose key it is', async () => {
    const plan = await asApp(operator, async (manager) => {
      const [explained] = await manager.query('explain (verbose, format json) select from events');
      return JSON.stringify(explained['QUERY PLAN'][0].Plan);
    });
    expect(plan.match(/tenancy\.tenant\(\)/g)).toHaveLength(1);
  });

  it('an organization whose id is that of all tenants has no rights of an operator', async () => {
    const keyHash = randomBytes(32);
    await tenants.dataSource.query('insert into organizations (id, name) values ($1, $2)', [
      EVERY_TENANT,
      'of a careless import',
    ]);
    await tenants.dataSource.query(
      'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
      [newId(), one.userId, EVERY_TENANT, keyHash],
    );
    const seen = await asApp({ ...one, keyHash }, async (manager) => [
      await count(manager, 'events'),
      await count(manager, 'organizations'),
    ]);
    expect(seen).toEqual([0, 0]);
  });

  it('a key can invite a stranger, and sees nothing of them until they accept', async () => {
    await asApp(one, async (manager) => {
      const id = newId();
      await manager.query(
        `insert into user_organizations (id, user_id, organization_id, status) values ($1, $2, $3, 'pending')`,
        [id, other.userId, one.organizationId],
      );
      expect(await manager.query('select from users where id = $1', [other.userId])).toEqual([]);
      await manager.query('savepoint before');
      await expect(
        manager.query(`update user_organizations set status = 'active' where id = $1`, [id]),
      ).rejects.toThrow(/made active by its user or by an operator/);
      await manager.query('rollback to savepoint before');
      await expect(accept(manager, id)).resolves.toBe(false);
      await actFor(manager, other);
      await expect(accept(manager, id)).resolves.toBe(true);
      await actFor(manager, one);
      expect(await manager.query('select from users where id = $1', [other.userId])).toHaveLength(1);
    });
  });

  it('what is accepted is never looked for among all memberships of its user', async () => {
    const BY_USER = `select pg_stat_get_xact_numscans('idx_user_orgs_user_status'::regclass) as scans`;
    const runner = tenants.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      const { id } = await runner.manager.getRepository(Membership).save({
        id: newId(),
        userId: other.userId,
        organizationId: one.organizationId,
        status: 'pending',
      });
      // Without the way by its id, that would be the cheapest by far.
      await runner.query('alter table user_organizations drop constraint user_organizations_pkey');
      await runner.query('set local enable_seqscan = off');
      await actFor(runner.manager, other);
      const before = await runner.query(BY_USER);
      expect(await accept(runner.manager, id)).toBe(true);
      expect(await runner.query(BY_USER)).toEqual(before);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  const accept = (manager: EntityManager, id: string) => new MembershipRepository(manager).accept(id);

  it.each([
    'select key_hash from api_keys',
    'select * from api_keys',
    'update api_keys set organization_id = null',
    `update api_keys set key_hash = '\\x00'`,
    'update events set organization_id = null',
    'update user_organizations set organization_id = gen_random_uuid()',
    'update organizations set id = gen_random_uuid()',
    'update users set id = gen_random_uuid()',
    'update api_keys set last_used_at = now()',
    'select tenancy.sees_all()',
    'select from event_leases',
    'update organization_activity set events = 0',
    'delete from events',
    'truncate organizations',
    'alter table events disable row level security',
    'set local role holdfast_read',
    'set local role holdfast_worker',
    `select tenancy.guard_membership()`,
    'set local row_security = off; select from events',
    'create table public.mine ()',
  ])('the role cannot: %s', async (sql) => {
    await expect(asApp(one, (manager) => manager.query(sql))).rejects.toMatchObject({
      code: expect.stringMatching(/^42501|0A000$/),
    });
  });
});
