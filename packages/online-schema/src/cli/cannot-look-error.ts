import { describeError } from './describe-error';
import { UsageError } from './usage-error';

/** A question could not be put, so that its answer is neither yes nor no: exit code 2. */
export class CannotLookError extends Error {
  override readonly name = 'CannotLookError';
  readonly code = 'HOLDFAST_CANNOT_LOOK';

  constructor(cause: unknown) {
    super(describeError(cause), { cause });
  }
}

/**
 * Resolves as the work does.
 *
 * @throws CannotLookError for whatever the work fails with, but for a UsageError.
 */
export async function orCannotLook<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UsageError ? error : new CannotLookError(error);
  }
}
