import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '@prisma/client';
import type { EntryRow, OpenLayer, Operations } from 'bench-layer';
import { describePackage } from './version';

/**
 * Prisma's client on node-postgres, without an engine of its own. A bigint is a BigInt, as Prisma has it: a comparison with
 * others makes text of it, and a call does not.
 */
export const openLayer: OpenLayer = async ({ url, poolSize }) => {
  const adapter = new PrismaPg({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 });
  const prisma = new PrismaClient({ adapter });
  await prisma.$connect();
  return {
    operations: createOperations(prisma),
    madeOf: ['@prisma/client', '@prisma/adapter-pg', 'pg'].map(describePackage),
    toPlain: renderBigints,
    close: () => prisma.$disconnect(),
  };
};

function createOperations(prisma: PrismaClient): Operations {
  const lookUpById = (id: string) => prisma.user.findUnique({ where: { id } });
  return {
    lookUpById,
    // What Prisma has for any case, ILIKE, finds no index.
    lookUpByEmail: async (email) =>
      (
        await prisma.$queryRaw<object[]>`
          select id, email, name, status, login_count as "loginCount", balance, created_at as "createdAt", updated_at as "updatedAt"
          from users where lower(email) = lower(${email})`
      )[0] ?? null,
    listEvents: ({ aggregateId, afterVersion }) =>
      prisma.event.findMany({
        where: { aggregateId, version: { gt: afterVersion } },
        orderBy: { version: 'asc' },
        take: 50,
      }),
    listMembers: (organizationId) =>
      prisma.membership.findMany({
        where: { organizationId },
        select: { id: true, organizationId: true, role: true, joinedAt: true, user: true },
        orderBy: { id: 'asc' },
      }),
    listUsers: (since) =>
      prisma.user.findMany({
        where: { createdAt: { gte: since } },
        orderBy: { createdAt: 'asc' },
        take: 1_000,
      }),
    insertEntry: (row) => prisma.entry.create({ data: createData(row) }),
    insertEntries: async (rows) => void (await prisma.entry.createMany({ data: rows.map(createData) })),
    updateUser: async ({ id, loginCount }) =>
      void (await prisma.user.updateMany({ where: { id }, data: { loginCount } })),
    book: (row) =>
      prisma.$transaction(
        async (transaction) => {
          const { userId: id, amount } = row;
          const [user] = await transaction.$queryRaw<{ balance: bigint }[]>`
            select balance from users where id = ${id}::uuid for update`;
          const balance = (user?.balance ?? 0n) + BigInt(amount);
          await transaction.user.updateMany({ where: { id }, data: { balance } });
          await transaction.entry.createMany({ data: createData(row) });
          return String(balance);
        },
        { maxWait: 60_000, timeout: 60_000 },
      ),
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
}

function createData({ userId, amount, note, createdAt }: EntryRow): Prisma.EntryCreateManyInput {
  return { userId, amount: BigInt(amount), note, createdAt };
}

function renderBigints(answer: unknown): unknown {
  if (typeof answer === 'bigint') return String(answer);
  if (Array.isArray(answer)) return answer.map(renderBigints);
  if (typeof answer !== 'object' || answer === null || answer instanceof Date) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, renderBigints(value)]));
}
