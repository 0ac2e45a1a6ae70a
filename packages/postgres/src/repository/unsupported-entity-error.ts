/** What a compiled repository does not do: TypeORM's own can be used in its place, in the same transaction. */
export class UnsupportedEntityError extends Error {
  override readonly name = 'UnsupportedEntityError';
  readonly code = 'UNSUPPORTED_ENTITY';

  constructor(
    readonly entity: string,
    /** What of it, or of what was asked: a property, a kind of entity, an operator. */
    readonly subject: string,
    reason: string,
  ) {
    super(
      `The repository of ${entity} does not support ${subject}: ${reason}. TypeORM's own repository does.`,
    );
  }
}
