import type { OpenLayer, Operations } from 'bench-layer';
import createKnex, { type Knex } from 'knex';
import { addAmounts, nestUser, toColumns } from './entries';
import { describePackage } from './version';

/** Knex on node-postgres; columns get their names in the statements. */
export const openLayer: OpenLayer = async ({ url, poolSize }) => {
  const knex = createKnex({ client: 'pg', connection: url, pool: { min: poolSize, max: poolSize } });
  return {
    operations: createOperations(knex),
    madeOf: ['knex', 'pg'].map(describePackage),
    close: () => knex.destroy(),
  };
};

const USER = {
  id: 'users.id',
  email: 'users.email',
  name: 'users.name',
  status: 'users.status',
  loginCount: 'users.login_count',
  balance: 'users.balance',
  createdAt: 'users.created_at',
  updatedAt: 'users.updated_at',
};
const MEMBERSHIP = {
  membershipId: 'memberships.id',
  organizationId: 'organization_id',
  role: 'role',
  joinedAt: 'joined_at',
};
const EVENT = {
  id: 'id',
  aggregateId: 'aggregate_id',
  version: 'version',
  type: 'type',
  occurredAt: 'occurred_at',
  payload: 'payload',
};
const ENTRY = ['id', 'user_id as userId', 'amount', 'note', 'status', 'created_at as createdAt'];

function createOperations(knex: Knex): Operations {
  const lookUpById = async (id: string) => (await knex('users').select(USER).where({ id }).first()) ?? null;
  return {
    lookUpById,
    lookUpByEmail: async (email) =>
      (await knex('users').select(USER).whereRaw('lower(email) = lower(?)', [email]).first()) ?? null,
    listEvents: async ({ aggregateId, afterVersion }) =>
      knex('events')
        .select(EVENT)
        .where({ aggregate_id: aggregateId })
        .where('version', '>', afterVersion)
        .orderBy('version')
        .limit(50),
    listMembers: async (organizationId) => {
      const rows = await knex('memberships')
        .join('users', 'users.id', 'memberships.user_id')
        .select({ ...MEMBERSHIP, ...USER })
        .where({ organization_id: organizationId })
        .orderBy('memberships.id');
      return rows.map(nestUser);
    },
    listUsers: async (since) =>
      knex('users').select(USER).where('created_at', '>=', since).orderBy('created_at').limit(1_000),
    insertEntry: async (row) => (await knex('entries').insert(toColumns(row)).returning(ENTRY))[0],
    insertEntries: async (rows) => void (await knex('entries').insert(rows.map(toColumns))),
    updateUser: async ({ id, loginCount }) =>
      void (await knex('users').where({ id }).update({ login_count: loginCount })),
    book: (row) =>
      knex.transaction(async (transaction) => {
        const { userId: id, amount } = row;
        const user = await transaction('users').select('balance').where({ id }).forUpdate().first();
        const balance = addAmounts(user.balance, amount);
        await transaction('users').where({ id }).update({ balance });
        await transaction('entries').insert(toColumns(row));
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}
