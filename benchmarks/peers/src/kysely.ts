import type { OpenLayer, Operations } from 'bench-layer';
import { type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { addAmounts, nestUser, toColumns } from './entries';
import { describePackage } from './version';

interface UserTable {
  id: string;
  email: string;
  name: string;
  status: string;
  login_count: number;
  balance: string;
  created_at: Date;
  updated_at: Date | null;
}

interface MembershipTable {
  id: string;
  organization_id: string;
  user_id: string;
  role: string;
  joined_at: Date;
}

interface EventTable {
  id: string;
  aggregate_id: string;
  version: number;
  type: string;
  occurred_at: Date;
  payload: unknown;
}

interface EntryTable {
  id: Generated<string>;
  user_id: string;
  amount: string;
  note: string;
  status: Generated<string>;
  created_at: Date;
}

interface Database {
  users: UserTable;
  memberships: MembershipTable;
  events: EventTable;
  entries: EntryTable;
}

/** Kysely on node-postgres. Columns get their names in the statements: its plugin for that costs more. */
export const openLayer: OpenLayer = async ({ url, poolSize }) => {
  const pool = new Pool({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return {
    operations: createOperations(db),
    madeOf: ['kysely', 'pg'].map(describePackage),
    close: () => db.destroy(),
  };
};

const USER = [
  'users.id',
  'users.email',
  'users.name',
  'users.status',
  'users.login_count as loginCount',
  'users.balance',
  'users.created_at as createdAt',
  'users.updated_at as updatedAt',
] as const;
const ENTRY = ['id', 'user_id as userId', 'amount', 'note', 'status', 'created_at as createdAt'] as const;

function createOperations(db: Kysely<Database>): Operations {
  const lookUpById = async (id: string) =>
    (await db.selectFrom('users').select(USER).where('id', '=', id).executeTakeFirst()) ?? null;
  return {
    lookUpById,
    lookUpByEmail: async (email) =>
      (await db
        .selectFrom('users')
        .select(USER)
        .where(({ fn, val }) => sql<boolean>`${fn('lower', ['email'])} = ${fn('lower', [val(email)])}`)
        .executeTakeFirst()) ?? null,
    listEvents: ({ aggregateId, afterVersion }) =>
      db
        .selectFrom('events')
        .select([
          'id',
          'aggregate_id as aggregateId',
          'version',
          'type',
          'occurred_at as occurredAt',
          'payload',
        ])
        .where('aggregate_id', '=', aggregateId)
        .where('version', '>', afterVersion)
        .orderBy('version')
        .limit(50)
        .execute(),
    listMembers: async (organizationId) => {
      const rows = await db
        .selectFrom('memberships')
        .innerJoin('users', 'users.id', 'memberships.user_id')
        .select([
          'memberships.id as membershipId',
          'organization_id as organizationId',
          'role',
          'joined_at as joinedAt',
          ...USER,
        ])
        .where('organization_id', '=', organizationId)
        .orderBy('memberships.id')
        .execute();
      return rows.map(nestUser);
    },
    listUsers: (since) =>
      db
        .selectFrom('users')
        .select(USER)
        .where('created_at', '>=', since)
        .orderBy('created_at')
        .limit(1_000)
        .execute(),
    insertEntry: (row) =>
      db.insertInto('entries').values(toColumns(row)).returning(ENTRY).executeTakeFirstOrThrow(),
    insertEntries: async (rows) =>
      void (await db.insertInto('entries').values(rows.map(toColumns)).execute()),
    updateUser: async ({ id, loginCount }) =>
      void (await db.updateTable('users').set({ login_count: loginCount }).where('id', '=', id).execute()),
    book: (row) =>
      db.transaction().execute(async (transaction) => {
        const user = await transaction
          .selectFrom('users')
          .select('balance')
          .where('id', '=', row.userId)
          .forUpdate()
          .executeTakeFirstOrThrow();
        const balance = addAmounts(user.balance, row.amount);
        await transaction.updateTable('users').set({ balance }).where('id', '=', row.userId).execute();
        await transaction.insertInto('entries').values(toColumns(row)).execute();
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}
