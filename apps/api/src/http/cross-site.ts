/** A browser sent the request for a page from elsewhere. */
export class CrossSiteError extends Error {
  override readonly name = 'CrossSiteError';
  readonly code = 'HOLDFAST_CROSS_SITE';

  constructor() {
    super('the request comes from a page of another site');
  }
}
