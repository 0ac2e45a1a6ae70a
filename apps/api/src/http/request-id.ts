import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Letters, digits and marks that mean nothing to a shell, a log viewer or a query language. */
const VALID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The id that the client or a proxy gave the request, if it is safe to repeat; else a new one. */
export function readRequestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && VALID.test(given) ? given : randomUUID();
}
