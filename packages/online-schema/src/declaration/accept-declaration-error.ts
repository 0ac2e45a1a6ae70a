/** A finding that cannot be accepted in this way. Says the entity, the check, what is wrong and what is allowed. */
export class AcceptDeclarationError extends Error {
  override readonly name = 'AcceptDeclarationError';
  readonly code = 'HOLDFAST_ACCEPT_DECLARATION';

  constructor(
    readonly entity: string,
    readonly check: string,
    problem: string,
  ) {
    super(`@Accept "${check}" on ${entity}: ${problem}`);
  }
}
