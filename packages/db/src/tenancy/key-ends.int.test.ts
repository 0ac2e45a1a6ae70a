import { randomBytes } from 'node:crypto';
import { ApiKeyRepository, newId } from '../index';
import { type OpenTenants, openTenants, type Tenant } from '../test/open-tenants';

describe('an API key and whom it is for', () => {
  let tenants: OpenTenants;
  let tenant: Tenant;

  beforeAll(async () => {
    tenants = await openTenants();
  });
  afterAll(() => tenants?.close());
  beforeEach(async () => {
    tenant = await tenants.createTenant();
  });

  const owner = (sql: string, ...parameters: unknown[]) => tenants.dataSource.query(sql, parameters);
  const readStatus = async (keyId = tenant.keyId) =>
    (await owner('select status, version from api_keys where id = $1', keyId))[0];
  const setMembership = (status: string) =>
    owner(
      'update user_organizations set status = $2 where organization_id = $1',
      tenant.organizationId,
      status,
    );
  const endMembership = () =>
    owner('delete from user_organizations where organization_id = $1', tenant.organizationId);
  const createKey = async (userId: string, organizationId: string | null, keyHash = randomBytes(32)) => {
    const id = newId();
    await owner(
      'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
      id,
      userId,
      organizationId,
      keyHash,
    );
    return id;
  };

  it.each([
    ['is removed', () => setMembership('removed')],
    ['is to be accepted again', () => setMembership('pending')],
    ['is deleted', endMembership],
  ])('ends when the membership of its user %s, and no other key does', async (_name, end) => {
    const others = [
      await createKey(tenant.userId, null),
      await createKey(tenants.one.userId, tenant.organizationId),
      await createKey(tenant.userId, tenants.one.organizationId),
    ];
    await end();
    expect(await readStatus()).toEqual({ status: 'revoked', version: 2 });
    for (const id of others) expect(await readStatus(id)).toEqual({ status: 'active', version: 1 });
    await setMembership('active');
    expect(await readStatus()).toEqual({ status: 'revoked', version: 2 });
  });

  it('ends when an organization whose role is the application’s has ended the membership', async () => {
    const colleague = await createKey(tenants.one.userId, tenant.organizationId);
    const membership = newId();
    await owner(
      'insert into user_organizations (id, user_id, organization_id) values ($1, $2, $3)',
      membership,
      tenants.one.userId,
      tenant.organizationId,
    );
    await tenants.as(tenant, (manager) =>
      manager.query('delete from user_organizations where id = $1', [membership]),
    );
    expect((await readStatus(colleague)).status).toBe('revoked');
    expect((await readStatus()).status).toBe('active');
  });

  it('does not end with an invitation that is taken back', async () => {
    await setMembership('pending');
    const key = await createKey(tenant.userId, tenant.organizationId);
    await endMembership();
    expect((await readStatus(key)).status).toBe('active');
  });

  const suspensions: [string, (isSuspended: boolean) => Promise<unknown>][] = [
    [
      'its user',
      (isSuspended) =>
        owner(
          'update users set status = $2 where id = $1',
          tenant.userId,
          isSuspended ? 'suspended' : 'active',
        ),
    ],
    [
      'its organization',
      (isSuspended) =>
        owner(
          'update organizations set status = $2 where id = $1',
          tenant.organizationId,
          isSuspended ? 'suspended' : 'active',
        ),
    ],
    ['the membership', (isSuspended) => setMembership(isSuspended ? 'suspended' : 'active')],
  ];

  it.each(suspensions)('rests while %s is suspended', async (_name, suspend) => {
    const revoked = await createKey(tenant.userId, tenant.organizationId);
    await owner(`update api_keys set status = 'revoked' where id = $1`, revoked);
    const isKnown = async () =>
      (await new ApiKeyRepository(tenants.application.manager).findUsable(tenant.keyHash, new Date())) !==
      null;
    const countSeen = () =>
      tenants.as(tenant, async (manager) => (await manager.query('select from organizations')).length);
    await suspend(true);
    expect(await readStatus()).toEqual({ status: 'inactive', version: 2 });
    expect({ isKnown: await isKnown(), seen: await countSeen() }).toEqual({ isKnown: false, seen: 0 });
    await suspend(false);
    expect({ isKnown: await isKnown(), seen: await countSeen() }).toEqual({ isKnown: true, seen: 1 });
    expect((await readStatus(revoked)).status).toBe('revoked');
  });

  it('rests until the last of them is no longer suspended', async () => {
    for (const [, suspend] of suspensions) await suspend(true);
    for (const [, suspend] of suspensions) {
      expect((await readStatus()).status).toBe('inactive');
      await suspend(false);
    }
    expect((await readStatus()).status).toBe('active');
  });

  it.each([
    ['its membership ends', endMembership, 'revoked'],
    ['its membership is suspended', () => setMembership('suspended'), 'inactive'],
  ])('is not missed where it is being made while %s', async (_name, end, status) => {
    const id = newId();
    let ending: Promise<unknown> | undefined;
    await tenants.as(tenant, async (manager) => {
      await new ApiKeyRepository(manager).create({ ...tenant, id, keyHash: randomBytes(32) });
      ending = end();
      await waitForLock(ending);
    });
    await ending;
    expect((await readStatus(id)).status).toBe(status);
    expect((await readStatus()).status).toBe(status);
  });

  it('is not made by a key that ends before it is there', async () => {
    const runner = tenants.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`update api_keys set status = 'revoked' where id = $1`, [tenant.keyId]);
    const making = tenants.as(tenant, (manager) =>
      new ApiKeyRepository(manager).create({ ...tenant, keyHash: randomBytes(32) }),
    );
    const outcome = making.catch((error: unknown) => error);
    await waitForLock(outcome);
    await runner.commitTransaction();
    await runner.release();
    await expect(outcome).resolves.toMatchObject({ code: 'HOLDFAST_NOT_PERMITTED' });
  });

  /** Or until it is over without having waited. */
  async function waitForLock(work: Promise<unknown>): Promise<void> {
    let isWaiting = false;
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    while (!isWaiting && !isOver) {
      const [row] = await owner(
        `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      isWaiting = row.n > 0;
    }
  }
});
