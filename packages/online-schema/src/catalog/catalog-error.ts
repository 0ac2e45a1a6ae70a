export type CatalogErrorCode = 'HOLDFAST_TABLE_NOT_READABLE';

/** Something of the catalog could not be looked at, so that nothing can be said about it. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';

  constructor(
    readonly code: CatalogErrorCode,
    /** Schema and name of the table. */
    readonly table: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
