import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';
import { actFor } from '../tenancy/act-for';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { OrganizationActivityRepository } from './organization-activity.repository';

describe('the activity of organizations', () => {
  let database: OpenDatabase;
  const [one, other] = [newId(), newId()];
  const keys = { one: randomBytes(32), operator: randomBytes(32) };
  beforeAll(async () => {
    database = await openDatabase();
    const { dataSource } = database;
    const userId = newId();
    await dataSource.query('insert into users (id) values ($1)', [userId]);
    await dataSource.query(`insert into organizations (id, name) values ($1, 'one'), ($2, 'other')`, [
      one,
      other,
    ]);
    for (const [organizationId, keyHash] of [
      [one, keys.one],
      [null, keys.operator],
    ]) {
      await dataSource.query(
        'insert into api_keys (id, user_id, organization_id, key_hash) values ($1, $2, $3, $4)',
        [newId(), userId, organizationId, keyHash],
      );
    }
  });
  afterAll(() => database?.close());

  const as = <T>(role: string, work: (manager: EntityManager) => Promise<T>): Promise<T> =>
    database.dataSource.transaction(async (manager) => {
      await manager.query(`set local role ${role}`);
      return work(manager);
    });
  const count = (manager: EntityManager, organizationId: string | null, position: string) =>
    new OrganizationActivityRepository(manager).count({
      organizationId,
      eventType: 'order.placed',
      globalPosition: position,
      eventTimestamp: new Date(Date.UTC(2026, 0, Number(position))),
    });
  const list = (manager: EntityManager, organizationId: string) =>
    new OrganizationActivityRepository(manager).listByOrganization(organizationId);

  it('is counted by workers, and added up in whatever order events come', async () => {
    for (const position of ['1', '3', '2']) await as('holdfast_worker', (m) => count(m, one, position));
    await as('holdfast_worker', (manager) => count(manager, other, '4'));
    await as('holdfast_worker', (manager) => count(manager, null, '5'));
    expect(await list(database.dataSource.manager, one)).toEqual([
      {
        eventType: 'order.placed',
        events: '3',
        lastPosition: '3',
        lastEventAt: new Date(Date.UTC(2026, 0, 3)),
      },
    ]);
  });

  it('is counted by those at once who would wait for each other in a circle, in as many rows as there are of them', async () => {
    const organizationId = newId();
    const types = ['order.placed', 'order.paid'];
    const [first, second] = [types, types.toReversed()];
    const rows = () =>
      database.dataSource.query(
        'select event_type as type, events from organization_activity where organization_id = $1 order by 1, 2',
        [organizationId],
      );
    const write = (manager: EntityManager, eventType: string) => {
      const event = { organizationId, eventType, globalPosition: '1', eventTimestamp: new Date() };
      return new OrganizationActivityRepository(manager).count(event);
    };
    for (const type of types) await write(database.dataSource.manager, type);
    await inTransactionsAtOnce(first, second, write);
    const each = [{ events: '1' }, { events: '2' }];
    expect(await rows()).toMatchObject([...each, ...each]);
    for (const position of ['7', '8']) await as('holdfast_worker', (m) => count(m, organizationId, position));
    const [paid, placed] = [await list(database.dataSource.manager, organizationId)].flatMap((all) =>
      all.toSorted((a, b) => (a.eventType < b.eventType ? -1 : 1)),
    );
    expect([paid, placed]).toMatchObject([
      { eventType: 'order.paid', events: '3' },
      { eventType: 'order.placed', events: '5', lastPosition: '8' },
    ]);
    expect(await rows()).toHaveLength(4);
  });

  it('would make them wait if each count were one row (control)', async () => {
    const organizationId = newId();
    const types = ['order.placed', 'order.paid'];
    const work = inTransactionsAtOnce(types, types.toReversed(), (manager, eventType) =>
      manager.query(
        `insert into organization_activity as a (organization_id, event_type, slot, events, last_position, last_event_at)
         values ($1, $2, 0, 1, 1, now())
         on conflict (organization_id, event_type, slot) do update set events = a.events + 1`,
        [organizationId, eventType],
      ),
    );
    await expect(work).rejects.toMatchObject({ code: '40P01' });
  });

  /** Both have written of the first type before either writes of its second one, and neither has committed. */
  async function inTransactionsAtOnce(
    one: readonly string[],
    other: readonly string[],
    write: (manager: EntityManager, eventType: string) => Promise<unknown>,
  ): Promise<void> {
    const runners = [one, other].map(() => database.dataSource.createQueryRunner());
    try {
      for (const runner of runners) await runner.startTransaction();
      for (const at of [0, 1]) {
        const writes = [one, other].map((types, n) =>
          write(runners[n]?.manager as EntityManager, types[at] as string),
        );
        await Promise.allSettled(writes);
        await Promise.all(writes);
      }
      for (const runner of runners) await runner.commitTransaction();
    } finally {
      for (const runner of runners) {
        if (runner.isTransactionActive) await runner.rollbackTransaction();
        await runner.release();
      }
    }
  }

  it('is seen by whose it is and by operators, and by nobody else', async () => {
    const seen = (key: Buffer | undefined, organizationId: string) =>
      as('holdfast_app', async (manager) => {
        if (key !== undefined) await actFor(manager, key);
        return (await list(manager, organizationId)).length;
      });
    expect(await seen(keys.one, one)).toBe(1);
    expect(await seen(keys.one, other)).toBe(0);
    expect(await seen(keys.operator, other)).toBe(1);
    expect(await seen(undefined, one)).toBe(0);
  });

  it('is not written by the application', async () => {
    await expect(as('holdfast_app', (manager) => count(manager, one, '6'))).rejects.toMatchObject({
      code: '42501',
    });
  });
});
