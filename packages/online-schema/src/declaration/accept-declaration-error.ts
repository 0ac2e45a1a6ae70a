/** A finding that cannot be accepted in this way. Says the entity, if one does, the check, what is wrong and what is allowed. */
export class AcceptDeclarationError extends Error {
  override readonly name = 'AcceptDeclarationError';
  readonly code = 'HOLDFAST_ACCEPT_DECLARATION';

  constructor(
    /** Undefined where it is accepted for a DataSource. */
    readonly entity: string | undefined,
    readonly check: string,
    problem: string,
  ) {
    super(
      `${entity === undefined ? `acceptFindings "${check}"` : `@Accept "${check}" on ${entity}`}: ${problem}`,
    );
  }
}
