import type { EntityManager } from 'typeorm';
import { withinSavepoint } from '../event-store/within-savepoint';
import { AlreadyExistsError, violatedUniqueIndex } from '../repositories/refusals';

/**
 * The work was refused because a value is taken, which only its unique index can tell, and nothing of it is left.
 *
 * @throws Error where it was not refused; whatever else the work throws.
 */
export async function requireRefusal(manager: EntityManager, work: () => Promise<unknown>): Promise<void> {
  const refusal = await withinSavepoint(manager, work).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal === undefined) throw new Error('a value that is taken was not refused');
  if (!(refusal instanceof AlreadyExistsError) && violatedUniqueIndex(refusal) === undefined) throw refusal;
}
