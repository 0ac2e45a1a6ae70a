/**
 * An idempotency key of the append was used before in this aggregate, for an event that is not the same; or only some
 * of the keys were. Nothing was written, and repeating it cannot help.
 */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';
  readonly code = 'HOLDFAST_IDEMPOTENCY_KEY_REUSED';

  constructor(
    readonly aggregateType: string,
    readonly aggregateId: string,
  ) {
    super(
      `an append to ${aggregateType} ${aggregateId} has an idempotency key that another append to it has used for other events`,
    );
  }
}
