import type { OpenLayer, Operations } from 'bench-layer';
import { col, DataTypes, fn, Model, Op, Sequelize, where } from 'sequelize';
import { addAmounts } from './entries';
import { describePackage } from './version';

class User extends Model {
  declare balance: string;
}
class Membership extends Model {}
class Event extends Model {}
class Entry extends Model {}

/** Sequelize on node-postgres, with instances of its models as answers. */
export const openLayer: OpenLayer = async ({ url, poolSize }) => {
  const sequelize = new Sequelize(url, {
    logging: false,
    pool: { min: poolSize, max: poolSize, acquire: 60_000, idle: 600_000 },
  });
  defineModels(sequelize);
  await sequelize.authenticate();
  return {
    operations: createOperations(sequelize),
    madeOf: ['sequelize', 'pg'].map(describePackage),
    toPlain,
    close: () => sequelize.close(),
  };
};

function defineModels(sequelize: Sequelize): void {
  const { UUID, TEXT, INTEGER, BIGINT, DATE, JSONB } = DataTypes;
  const options = { sequelize, underscored: true, timestamps: false };
  User.init(
    {
      id: { type: UUID, primaryKey: true },
      email: TEXT,
      name: TEXT,
      status: TEXT,
      loginCount: INTEGER,
      balance: BIGINT,
      createdAt: DATE,
      updatedAt: DATE,
    },
    { ...options, tableName: 'users' },
  );
  Membership.init(
    { id: { type: BIGINT, primaryKey: true }, organizationId: UUID, role: TEXT, joinedAt: DATE },
    { ...options, tableName: 'memberships' },
  );
  Event.init(
    {
      id: { type: BIGINT, primaryKey: true },
      aggregateId: UUID,
      version: INTEGER,
      type: TEXT,
      occurredAt: DATE,
      payload: JSONB,
    },
    { ...options, tableName: 'events' },
  );
  Entry.init(
    {
      id: { type: BIGINT, primaryKey: true, autoIncrement: true },
      userId: UUID,
      amount: BIGINT,
      note: TEXT,
      status: { type: TEXT, defaultValue: 'booked' },
      createdAt: DATE,
    },
    { ...options, tableName: 'entries' },
  );
  Membership.belongsTo(User, { as: 'user', foreignKey: { name: 'userId', field: 'user_id' } });
}

function createOperations(sequelize: Sequelize): Operations {
  const lookUpById = (id: string) => User.findByPk(id);
  return {
    lookUpById,
    lookUpByEmail: (email) => User.findOne({ where: where(fn('lower', col('email')), fn('lower', email)) }),
    listEvents: ({ aggregateId, afterVersion }) =>
      Event.findAll({
        where: { aggregateId, version: { [Op.gt]: afterVersion } },
        order: [['version', 'ASC']],
        limit: 50,
      }),
    listMembers: (organizationId) =>
      Membership.findAll({
        attributes: ['id', 'organizationId', 'role', 'joinedAt'],
        where: { organizationId },
        include: 'user',
        order: [['id', 'ASC']],
      }),
    listUsers: (since) =>
      User.findAll({
        where: { createdAt: { [Op.gte]: since } },
        order: [['createdAt', 'ASC']],
        limit: 1_000,
      }),
    insertEntry: (row) => Entry.create({ ...row }),
    insertEntries: async (rows) =>
      void (await Entry.bulkCreate(
        rows.map((row) => ({ ...row })),
        { returning: false },
      )),
    updateUser: async ({ id, loginCount }) => void (await User.update({ loginCount }, { where: { id } })),
    book: (row) =>
      sequelize.transaction(async (transaction) => {
        const { userId: id, amount } = row;
        const user = await User.findByPk(id, {
          transaction,
          lock: transaction.LOCK.UPDATE,
          rejectOnEmpty: true,
        });
        const balance = addAmounts(user.balance, amount);
        await User.update({ balance }, { where: { id }, transaction });
        await Entry.create({ ...row }, { transaction, returning: false });
        return balance;
      }),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}

function toPlain(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(toPlain);
  return answer instanceof Model ? answer.get({ plain: true }) : answer;
}
