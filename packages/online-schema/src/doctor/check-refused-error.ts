/** A check could look at nothing at all; the message says, in a sentence, why and what would let it. */
export class CheckRefusedError extends Error {
  override readonly name = 'CheckRefusedError';
  readonly code = 'HOLDFAST_CHECK_REFUSED';
}
