import type { OpenLayer, Operations } from 'bench-layer';
import postgres, { type Sql } from 'postgres';
import { addAmounts, nestUser, toColumns } from './entries';
import { describePackage } from './version';

/** postgres.js as it comes: it prepares every statement, and pipelines what is sent at once. */
export const openLayer: OpenLayer = async ({ url, poolSize }) => {
  const sql = postgres(url, { max: poolSize, transform: postgres.camel, ssl: false });
  return {
    operations: createOperations(sql),
    madeOf: [describePackage('postgres')],
    close: () => sql.end({ timeout: 5 }),
  };
};

interface MemberRow {
  readonly membershipId: string;
  readonly organizationId: string;
  readonly role: string;
  readonly joinedAt: Date;
}

function createOperations(sql: Sql): Operations {
  const lookUpById = async (id: string) => (await sql`select * from users where id = ${id}`)[0] ?? null;
  return {
    lookUpById,
    lookUpByEmail: async (email) =>
      (await sql`select * from users where lower(email) = lower(${email})`)[0] ?? null,
    listEvents: ({ aggregateId, afterVersion }) => sql`
      select * from events where aggregate_id = ${aggregateId} and version > ${afterVersion} order by version limit 50`,
    listMembers: async (organizationId) => {
      const rows = await sql<MemberRow[]>`
        select memberships.id as membership_id, organization_id, role, joined_at, users.*
        from memberships join users on users.id = memberships.user_id
        where organization_id = ${organizationId} order by memberships.id`;
      return rows.map(nestUser);
    },
    listUsers: (since) =>
      sql`select * from users where created_at >= ${since} order by created_at limit 1000`,
    insertEntry: async ({ userId, amount, note, createdAt }) => {
      const [entry] = await sql`
        insert into entries (user_id, amount, note, created_at) values (${userId}, ${amount}, ${note}, ${createdAt})
        returning id, user_id, amount, note, status, created_at`;
      return entry;
    },
    insertEntries: async (rows) => void (await sql`insert into entries ${sql(rows.map(toColumns))}`),
    updateUser: async ({ id, loginCount }) =>
      void (await sql`update users set login_count = ${loginCount} where id = ${id}`),
    book: ({ userId, amount, note, createdAt }) =>
      sql.begin(async (transaction) => {
        const [user] = await transaction<{ balance: string }[]>`
          select balance from users where id = ${userId} for update`;
        const balance = addAmounts(user?.balance ?? '', amount);
        await Promise.all([
          transaction`update users set balance = ${balance} where id = ${userId}`,
          transaction`
            insert into entries (user_id, amount, note, created_at) values (${userId}, ${amount}, ${note}, ${createdAt})`,
        ]);
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}
