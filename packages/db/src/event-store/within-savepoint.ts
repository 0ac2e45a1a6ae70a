import type { StatementSender } from './statement-sender';

/**
 * Runs the work so that its failure leaves a transaction of the caller as it was before, and usable: PostgreSQL would
 * otherwise refuse every further statement of it. Outside of a transaction nothing but the work is sent.
 */
export async function withinSavepoint<T>(sender: StatementSender, work: () => Promise<T>): Promise<T> {
  if (sender.queryRunner?.isTransactionActive !== true) return work();
  await sender.query('savepoint holdfast_append');
  const result = await work().catch(async (error: unknown) => {
    // With the connection lost these fail too, and the first failure is the one that says why.
    await sender.query('rollback to savepoint holdfast_append').catch(() => undefined);
    await sender.query('release savepoint holdfast_append').catch(() => undefined);
    throw error;
  });
  await sender.query('release savepoint holdfast_append');
  return result;
}
