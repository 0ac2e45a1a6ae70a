/** A declaration that cannot become an index. Says the entity, the index, what is wrong and what is allowed. */
export class IndexDeclarationError extends Error {
  override readonly name = 'IndexDeclarationError';
  readonly code = 'HOLDFAST_INDEX_DECLARATION';

  constructor(
    readonly entity: string,
    readonly index: string | undefined,
    problem: string,
  ) {
    super(`@Index${index === undefined ? '' : ` "${index}"`} on ${entity}: ${problem}`);
  }
}
