export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 500;

/** A limit outside of what a list gives at once. */
export class InvalidLimitError extends Error {
  override readonly name = 'InvalidLimitError';
  readonly code = 'HOLDFAST_INVALID_LIMIT';

  constructor(readonly limit: number) {
    super(`the limit is ${limit}; allowed is a whole number from 1 to ${MAX_PAGE_LIMIT}`);
  }
}

/** The limit, unchanged. @throws InvalidLimitError unless it is a whole number from 1 to {@link MAX_PAGE_LIMIT}. */
export function requireLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_LIMIT) throw new InvalidLimitError(limit);
  return limit;
}
