import type { OpenLayer, Operations } from 'bench-layer';
import { and, asc, eq, gt, gte, type Placeholder, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { entries, events, memberships, users } from './drizzle-tables';
import { addAmounts } from './entries';
import { describePackage } from './version';

/**
 * Drizzle on node-postgres: `prepared` keeps its statements, which are named on the server; `plain` builds each anew. The
 * statements of a transaction are built anew by both, since Drizzle's belong to a connection or to the pool; `prepared` names them.
 */
export const openLayer: OpenLayer = async ({ url, poolSize, variant }) => {
  const pool = new Pool({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 });
  const db = drizzle(pool);
  return {
    operations: variant === 'prepared' ? createPreparedOperations(db) : createOperations(db),
    madeOf: ['drizzle-orm', 'pg'].map(describePackage),
    close: () => pool.end(),
  };
};

type Db = Pick<NodePgDatabase, 'select' | 'insert' | 'update'>;

const { placeholder } = sql;

const selectUser = (db: Db, id: string | Placeholder) => db.select().from(users).where(eq(users.id, id));

const selectUserByEmail = (db: Db, email: string | Placeholder) =>
  db
    .select()
    .from(users)
    .where(eq(sql`lower(${users.email})`, sql`lower(${email})`));

const selectEvents = (db: Db, aggregateId: string | Placeholder, afterVersion: number | Placeholder) =>
  db
    .select()
    .from(events)
    .where(and(eq(events.aggregateId, aggregateId), gt(events.version, afterVersion)))
    .orderBy(asc(events.version))
    .limit(50);

const selectMembers = (db: Db, organization: string | Placeholder) => {
  const { id, organizationId, role, joinedAt, userId } = memberships;
  return db
    .select({ id, organizationId, role, joinedAt, user: users })
    .from(memberships)
    .innerJoin(users, eq(users.id, userId))
    .where(eq(organizationId, organization))
    .orderBy(asc(id));
};

const selectUsersSince = (db: Db, since: Date | Placeholder) =>
  db.select().from(users).where(gte(users.createdAt, since)).orderBy(asc(users.createdAt)).limit(1_000);

const lockUser = (db: Db, id: string) =>
  db.select({ balance: users.balance }).from(users).where(eq(users.id, id)).for('update');

const updateBalance = (db: Db, id: string, balance: string) =>
  db.update(users).set({ balance }).where(eq(users.id, id));

function createOperations(db: NodePgDatabase): Operations {
  const lookUpById = async (id: string) => (await selectUser(db, id))[0] ?? null;
  return {
    lookUpById,
    lookUpByEmail: async (email) => (await selectUserByEmail(db, email))[0] ?? null,
    listEvents: async ({ aggregateId, afterVersion }) => selectEvents(db, aggregateId, afterVersion),
    listMembers: async (organizationId) => selectMembers(db, organizationId),
    listUsers: async (since) => selectUsersSince(db, since),
    insertEntry: async (row) => (await db.insert(entries).values(row).returning())[0],
    insertEntries: async (rows) => void (await db.insert(entries).values([...rows])),
    updateUser: async ({ id, loginCount }) =>
      void (await db.update(users).set({ loginCount }).where(eq(users.id, id))),
    book: (row) =>
      db.transaction(async (transaction) => {
        const [user] = await lockUser(transaction, row.userId);
        const balance = addAmounts(user?.balance ?? '', row.amount);
        await updateBalance(transaction, row.userId, balance);
        await transaction.insert(entries).values(row);
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}

function createPreparedOperations(db: NodePgDatabase): Operations {
  const userById = selectUser(db, placeholder('id')).prepare('user_by_id');
  const userByEmail = selectUserByEmail(db, placeholder('email')).prepare('user_by_email');
  const eventsAfter = selectEvents(db, placeholder('aggregateId'), placeholder('afterVersion')).prepare(
    'events_after',
  );
  const members = selectMembers(db, placeholder('organizationId')).prepare('members');
  const usersSince = selectUsersSince(db, placeholder('since')).prepare('users_since');
  const insertOne = db
    .insert(entries)
    .values({
      userId: placeholder('userId'),
      amount: placeholder('amount'),
      note: placeholder('note'),
      createdAt: placeholder('createdAt'),
    })
    .returning()
    .prepare('insert_entry');
  const updateOne = db
    .update(users)
    .set({ loginCount: sql`${placeholder('loginCount')}` })
    .where(eq(users.id, placeholder('id')))
    .prepare('update_user');
  const lookUpById = async (id: string) => (await userById.execute({ id }))[0] ?? null;
  return {
    ...createOperations(db),
    lookUpById,
    lookUpByEmail: async (email) => (await userByEmail.execute({ email }))[0] ?? null,
    listEvents: (input) => eventsAfter.execute({ ...input }),
    listMembers: (organizationId) => members.execute({ organizationId }),
    listUsers: (since) => usersSince.execute({ since }),
    insertEntry: async (row) => (await insertOne.execute({ ...row }))[0],
    updateUser: async (input) => void (await updateOne.execute({ ...input })),
    book: (row) =>
      db.transaction(async (transaction) => {
        const [user] = await lockUser(transaction, row.userId).prepare('lock_user').execute();
        const balance = addAmounts(user?.balance ?? '', row.amount);
        await updateBalance(transaction, row.userId, balance).prepare('update_balance').execute();
        await transaction.insert(entries).values(row).prepare('book_entry').execute();
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}
