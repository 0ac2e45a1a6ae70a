/** Nothing has this id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly code = 'HOLDFAST_NOT_FOUND';

  constructor(
    readonly entity: string,
    readonly id: string,
  ) {
    super(`no ${entity} has the id ${id}`);
  }
}
