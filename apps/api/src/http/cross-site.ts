import type { IncomingHttpHeaders } from 'node:http';

/** A browser sent the request for a page from elsewhere. */
export class CrossSiteError extends Error {
  override readonly name = 'CrossSiteError';
  readonly code = 'HOLDFAST_CROSS_SITE';

  constructor() {
    super('the request comes from a page of another site');
  }
}

/**
 * Asks whether a browser sent the request for a page from elsewhere. Browsers tell the site to servers that they trust, by
 * TLS or because they are local; to the others they still tell the origin of what is no GET.
 */
export function isFromElsewhere({ 'sec-fetch-site': site, origin, host }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site !== 'same-origin';
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
