import {
  closeDataSource,
  copyIn,
  createLoader,
  createPostgresDataSource,
  createRepository,
  createUnitOfWork,
  insertMany,
  openDataSource,
} from '@holdfast/postgres';
import { type DataSource, MoreThan, MoreThanOrEqual } from 'typeorm';
import { readLibraryVersion } from '../../resilience/library-versions';
import type { OpenLayer, Operations } from '../layer';
import { ENTITIES, Entry, Event, Membership, User } from './entities';
import { addAmounts, listEntryValues, SQL } from './statements';

/** What is measured: `repository` is the compiled one; `bulk` is what is there for many at once, a loader and COPY. */
export const openLayer: OpenLayer = async ({ url, poolSize, variant }) => {
  const dataSource = createPostgresDataSource({
    url,
    applicationName: 'bench-peers',
    pool: {
      min: poolSize,
      max: poolSize,
      idleMs: 600_000,
      acquireMs: 60_000,
      createMs: 10_000,
      destroyMs: 5_000,
      createRetryMs: 100,
    },
    entities: ENTITIES,
    migrations: [],
  });
  await openDataSource(dataSource);
  return {
    operations: variant === 'bulk' ? createBulkOperations(dataSource) : createOperations(dataSource),
    madeOf: ['typeorm', 'pg'].map((name) => `${name} ${readLibraryVersion(name)}`),
    close: () => closeDataSource(dataSource),
  };
};

function createOperations(dataSource: DataSource): Operations {
  const users = createRepository(dataSource, User);
  const memberships = createRepository(dataSource, Membership);
  const events = createRepository(dataSource, Event);
  const entries = createRepository(dataSource, Entry);
  const unitOfWork = createUnitOfWork(dataSource);
  const userByEmail = `select ${users.columnsOf('users')} from users where lower(email) = lower($1)`;
  return {
    lookUpById: (id) => users.findById(id),
    lookUpByEmail: async (email) => (await users.query(userByEmail, [email]))[0] ?? null,
    listEvents: ({ aggregateId, afterVersion }) =>
      events.find({
        where: { aggregateId, version: MoreThan(afterVersion) },
        order: { version: 'ASC' },
        limit: 50,
      }),
    listMembers: (organizationId) =>
      memberships.find({ where: { organizationId }, relations: { user: true }, order: { id: 'ASC' } }),
    listUsers: (since) =>
      users.find({ where: { createdAt: MoreThanOrEqual(since) }, order: { createdAt: 'ASC' }, limit: 1_000 }),
    insertEntry: (row) => entries.insert(row),
    insertEntries: async (rows) => void (await insertMany(dataSource, Entry, rows)),
    updateUser: async ({ id, loginCount }) =>
      void (await users.update(id, { loginCount }, { returning: false })),
    book: (row) =>
      unitOfWork.run(async (manager, { commitWith }) => {
        const [user] = await manager.query<{ balance: string }[]>(SQL.lockUser, [row.userId]);
        const balance = addAmounts(user?.balance ?? '', row.amount);
        commitWith(SQL.updateBalance, [row.userId, balance]);
        commitWith(SQL.bookEntry, listEntryValues(row));
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map((id) => users.findById(id))),
  };
}

function createBulkOperations(dataSource: DataSource): Operations {
  return {
    insertEntries: async (rows) => void (await copyIn(dataSource, Entry, rows)),
    lookUpMany: (ids) => {
      // One for each request: it remembers.
      const loader = createLoader(dataSource, User);
      return Promise.all(ids.map((id) => loader.load(id)));
    },
  };
}
