import { DataSource, type EntityManager, MoreThan, MoreThanOrEqual, Raw } from 'typeorm';
import { readLibraryVersion } from '../../resilience/library-versions';
import type { OpenLayer, Operations } from '../layer';
import { ENTITIES, Entry, Event, Membership, User } from './entities';
import { addAmounts, listEntryColumns, listEntryValues, nestUser, SQL } from './statements';

/** TypeORM on its own pool: `repository` by entities, `query` by statements of one's own. */
export const openLayer: OpenLayer = async ({ url, poolSize, variant }) => {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    poolSize,
    extra: { idleTimeoutMillis: 0 },
    entities: ENTITIES,
  });
  await dataSource.initialize();
  return {
    operations: variant === 'query' ? createQueries(dataSource) : createFinds(dataSource),
    madeOf: ['typeorm', 'pg'].map((name) => `${name} ${readLibraryVersion(name)}`),
    close: () => dataSource.destroy(),
  };
};

function createFinds(dataSource: DataSource): Operations {
  const users = dataSource.getRepository(User);
  const memberships = dataSource.getRepository(Membership);
  const events = dataSource.getRepository(Event);
  const entries = dataSource.getRepository(Entry);
  const lookUpById = (id: string) => users.findOneBy({ id });
  return {
    lookUpById,
    lookUpByEmail: (email) =>
      users.findOneBy({ email: Raw((column) => `lower(${column}) = lower(:email)`, { email }) }),
    listEvents: ({ aggregateId, afterVersion }) =>
      events.find({
        where: { aggregateId, version: MoreThan(afterVersion) },
        order: { version: 'ASC' },
        take: 50,
      }),
    listMembers: (organizationId) =>
      memberships.find({ where: { organizationId }, relations: { user: true }, order: { id: 'ASC' } }),
    listUsers: (since) =>
      users.find({ where: { createdAt: MoreThanOrEqual(since) }, order: { createdAt: 'ASC' }, take: 1_000 }),
    insertEntry: async (row) => {
      const entry = entries.create({ ...row });
      await entries.insert(entry);
      return entry;
    },
    insertEntries: async (rows) =>
      void (await entries
        .createQueryBuilder()
        .insert()
        .values([...rows])
        .updateEntity(false)
        .execute()),
    updateUser: async ({ id, loginCount }) => void (await users.update({ id }, { loginCount })),
    book: (row) =>
      dataSource.transaction(async (manager) => {
        const user = await manager.findOneOrFail(User, {
          where: { id: row.userId },
          lock: { mode: 'pessimistic_write' },
        });
        const balance = addAmounts(user.balance, row.amount);
        await manager.update(User, { id: row.userId }, { balance });
        await manager.insert(Entry, { ...row });
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}

function createQueries(dataSource: DataSource): Operations {
  const ask = <Row>(on: DataSource | EntityManager, text: string, values: unknown[]): Promise<Row[]> =>
    on.query(text, values);
  const lookUpById = async (id: string) => (await ask(dataSource, SQL.userById, [id]))[0] ?? null;
  return {
    lookUpById,
    lookUpByEmail: async (email) => (await ask(dataSource, SQL.userByEmail, [email]))[0] ?? null,
    listEvents: ({ aggregateId, afterVersion }) => ask(dataSource, SQL.events, [aggregateId, afterVersion]),
    listMembers: async (organizationId) =>
      (await ask<Parameters<typeof nestUser>[0]>(dataSource, SQL.members, [organizationId])).map(nestUser),
    listUsers: (since) => ask(dataSource, SQL.usersSince, [since]),
    insertEntry: async (row) => (await ask(dataSource, SQL.insertEntry, listEntryValues(row)))[0],
    insertEntries: async (rows) => void (await ask(dataSource, SQL.insertEntries, listEntryColumns(rows))),
    updateUser: async ({ id, loginCount }) => void (await ask(dataSource, SQL.updateUser, [id, loginCount])),
    book: (row) =>
      dataSource.transaction(async (manager) => {
        const [user] = await ask<{ balance: string }>(manager, SQL.lockUser, [row.userId]);
        const balance = addAmounts(user?.balance ?? '', row.amount);
        await ask(manager, SQL.updateBalance, [row.userId, balance]);
        await ask(manager, SQL.bookEntry, listEntryValues(row));
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}
