import { BigIntType, EntitySchema, LockMode, MikroORM, raw, wrap } from '@mikro-orm/postgresql';
import type { OpenLayer, Operations } from 'bench-layer';
import { addAmounts } from './entries';
import { describeDependencyOf, describePackage } from './version';

class User {
  id!: string;
  email!: string;
  name!: string;
  status!: string;
  loginCount!: number;
  balance!: string;
  createdAt!: Date;
  updatedAt!: Date | null;
}

class Membership {
  id!: string;
  organizationId!: string;
  user!: User;
  role!: string;
  joinedAt!: Date;
}

class Event {
  id!: string;
  aggregateId!: string;
  version!: number;
  type!: string;
  occurredAt!: Date;
  payload!: object;
}

class Entry {
  id!: string;
  userId!: string;
  amount!: string;
  note!: string;
  status!: string;
  createdAt!: Date;
}

const bigint = () => ({ type: new BigIntType('string') });

const ENTITIES = [
  new EntitySchema<User>({
    class: User,
    tableName: 'users',
    properties: {
      id: { type: 'uuid', primary: true },
      email: { type: 'text' },
      name: { type: 'text' },
      status: { type: 'text' },
      loginCount: { type: 'integer' },
      balance: bigint(),
      createdAt: { type: 'datetime', columnType: 'timestamptz' },
      updatedAt: { type: 'datetime', columnType: 'timestamptz', nullable: true },
    },
  }),
  new EntitySchema<Membership>({
    class: Membership,
    tableName: 'memberships',
    properties: {
      id: { ...bigint(), primary: true },
      organizationId: { type: 'uuid' },
      user: { kind: 'm:1', entity: () => User },
      role: { type: 'text' },
      joinedAt: { type: 'datetime', columnType: 'timestamptz' },
    },
  }),
  new EntitySchema<Event>({
    class: Event,
    tableName: 'events',
    properties: {
      id: { ...bigint(), primary: true },
      aggregateId: { type: 'uuid' },
      version: { type: 'integer' },
      type: { type: 'text' },
      occurredAt: { type: 'datetime', columnType: 'timestamptz' },
      payload: { type: 'json', columnType: 'jsonb' },
    },
  }),
  new EntitySchema<Entry>({
    class: Entry,
    tableName: 'entries',
    properties: {
      id: { ...bigint(), primary: true, autoincrement: true },
      userId: { type: 'uuid' },
      amount: bigint(),
      note: { type: 'text' },
      status: { type: 'text', default: 'booked' },
      createdAt: { type: 'datetime', columnType: 'timestamptz' },
    },
  }),
];

/** MikroORM, with an entity manager for each call, as its documents want for each request; it keeps what it has read. */
export const openLayer: OpenLayer = async ({ url, poolSize }) => {
  const orm = await MikroORM.init({
    entities: ENTITIES,
    clientUrl: url,
    pool: { min: poolSize, max: poolSize },
  });
  return {
    operations: createOperations(orm),
    madeOf: [describePackage('@mikro-orm/core'), describeDependencyOf('@mikro-orm/postgresql', 'pg')],
    toPlain,
    close: () => orm.close(),
  };
};

function createOperations(orm: MikroORM): Operations {
  const lookUpById = (id: string) => orm.em.fork().findOne(User, { id });
  return {
    lookUpById,
    lookUpByEmail: (email) =>
      orm.em.fork().findOne(User, { [raw((alias) => `lower(${alias}.email)`)]: raw('lower(?)', [email]) }),
    listEvents: ({ aggregateId, afterVersion }) =>
      orm.em
        .fork()
        .find(
          Event,
          { aggregateId, version: { $gt: afterVersion } },
          { orderBy: { version: 'asc' }, limit: 50 },
        ),
    listMembers: (organizationId) =>
      orm.em.fork().find(Membership, { organizationId }, { populate: ['user'], orderBy: { id: 'asc' } }),
    listUsers: (since) =>
      orm.em
        .fork()
        .find(User, { createdAt: { $gte: since } }, { orderBy: { createdAt: 'asc' }, limit: 1_000 }),
    insertEntry: async (row) => {
      const em = orm.em.fork();
      const entry = em.create(Entry, { ...row } as Entry);
      await em.persistAndFlush(entry);
      return entry;
    },
    insertEntries: async (rows) =>
      void (await orm.em.fork().insertMany(
        Entry,
        rows.map((row) => ({ ...row }) as Entry),
      )),
    updateUser: async ({ id, loginCount }) =>
      void (await orm.em.fork().nativeUpdate(User, { id }, { loginCount })),
    book: (row) =>
      orm.em.fork().transactional(async (em) => {
        const user = await em.findOneOrFail(
          User,
          { id: row.userId },
          { lockMode: LockMode.PESSIMISTIC_WRITE },
        );
        const balance = addAmounts(user.balance, row.amount);
        user.balance = balance;
        em.create(Entry, { ...row } as Entry);
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}

function toPlain(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(toPlain);
  return typeof answer === 'object' && answer !== null ? wrap(answer).toPOJO() : answer;
}
