import type { EntityManager } from 'typeorm';

/**
 * Runs the work so that its failure leaves a transaction of the caller as it was before, and usable: PostgreSQL would
 * otherwise refuse every further statement of it. Outside of a transaction nothing but the work is sent.
 */
export async function withinSavepoint<T>(manager: EntityManager, work: () => Promise<T>): Promise<T> {
  if (manager.queryRunner?.isTransactionActive !== true) return work();
  await manager.query('savepoint holdfast_append');
  const result = await work().catch(async (error: unknown) => {
    // With the connection lost these fail too, and the first failure is the one that says why.
    await manager.query('rollback to savepoint holdfast_append').catch(() => undefined);
    await manager.query('release savepoint holdfast_append').catch(() => undefined);
    throw error;
  });
  await manager.query('release savepoint holdfast_append');
  return result;
}
