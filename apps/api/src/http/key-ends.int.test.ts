import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { type BoundService, openBoundService } from '../test/bound-service';
import { createTenant, type Tenant } from '../test/tenant';
import type { TestService } from '../test/test-service';

/** Under the policies a key that ends itself sees nothing from then on: what comes behind must not need it. */
describe('the end of a key of an organization', () => {
  let bound: BoundService;
  let owner: DataSource;
  let service: TestService;
  let tenant: Tenant;

  beforeAll(async () => {
    bound = await openBoundService();
    ({ owner, service } = bound);
  });
  afterAll(() => bound?.close());
  beforeEach(async () => {
    tenant = await createTenant(service, owner, randomUUID());
  });

  const isUsed = async (headers: Readonly<Record<string, string>>) =>
    (await service.get(`/v1/organizations/${tenant.organization}`, { ...headers })).status;

  it.each([{}, { 'idempotency-key': 'once' }])('is asked for by itself: %p', async (headers) => {
    const path = `/v1/api-keys/${tenant.key}/revoke`;
    const answer = await service.post(path, {}, { ...tenant.headers, ...headers });
    expect(answer).toMatchObject({ status: 200, body: { status: 'revoked' } });
    expect(await isUsed(tenant.headers)).toBe(401);
  });

  it.each([
    [0, {}],
    [0, { 'idempotency-key': 'once' }],
    [60, { 'idempotency-key': 'once' }],
  ])(
    'comes by a rotation that it asks for itself, with an overlap of %i s: %p',
    async (overlapSeconds, headers) => {
      const path = `/v1/api-keys/${tenant.key}/rotate`;
      const answer = await service.post(path, { overlapSeconds }, { ...tenant.headers, ...headers });
      expect(answer).toMatchObject({ status: 201, body: { organizationId: tenant.organization } });
      expect(await isUsed({ authorization: `Bearer ${answer.body.key}` })).toBe(200);
      expect(await isUsed(tenant.headers)).toBe(overlapSeconds === 0 ? 401 : 200);
    },
  );

  it('comes with that of its membership, and it is refused while its organization is suspended', async () => {
    const setStatus = async (status: string) => {
      const path = `/v1/organizations/${tenant.organization}`;
      expect((await service.patch(path, { status }, { 'if-match': '*' })).status).toBe(200);
    };
    await setStatus('suspended');
    expect(await isUsed(tenant.headers)).toBe(401);
    await setStatus('active');
    expect(await isUsed(tenant.headers)).toBe(200);
    const ended = await service.send(`/v1/memberships/${tenant.membership}`, {
      method: 'DELETE',
      headers: { ...tenant.headers, 'if-match': '*' },
    });
    expect(ended.status).toBe(204);
    expect(await isUsed(tenant.headers)).toBe(401);
  });

  it('by a rotation gives nobody a scope that it was given meanwhile', async () => {
    const scopes = ['keys'];
    const make = () =>
      service.post('/v1/api-keys', { userId: tenant.user, name: 'weak', scopes }, { ...tenant.headers });
    const [asking, rotated] = [(await make()).body, (await make()).body];
    const runner = owner.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`update api_keys set scopes = '{keys,write}' where id = $1`, [rotated.id]);
    const answer = service.post(
      `/v1/api-keys/${rotated.id}/rotate`,
      {},
      { authorization: `Bearer ${asking.key}` },
    );
    try {
      await waitForLock();
    } finally {
      await runner.commitTransaction();
      await runner.release();
    }
    expect(await answer).toMatchObject({ status: 403, body: { errors: [{ path: 'body.scopes' }] } });
    expect(await isUsed({ authorization: `Bearer ${rotated.key}` })).toBe(403);
    const [row] = await owner.query('select status, rotated_to from api_keys where id = $1', [rotated.id]);
    expect(row).toEqual({ status: 'active', rotated_to: null });
  });

  async function waitForLock(): Promise<void> {
    let waiting = 0;
    while (waiting === 0) {
      const [row] = await owner.query(
        `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and usename = $1`,
        [bound.login],
      );
      waiting = row.n;
    }
  }
});
