import { isIPv6 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { nameKey } from './authentication';
import type { ClientRates } from './client-rates';
import { isClientRoute } from './client-routes';
import type { KnownKeys } from './known-keys';

/** The client asks for more than one client may; nothing of the request was done. */
export class RateLimitedError extends Error {
  override readonly name = 'RateLimitedError';
  readonly code = 'HOLDFAST_RATE_LIMITED';

  constructor(
    /** Until the client may send the next request. */
    readonly retryAfterMs: number,
  ) {
    super('the client asks for more than one client may');
  }
}

/** Names the limit in headers. */
const POLICY = '"client"';

/**
 * Every request of a client counts against its rate, before it takes a place and before its key is looked for: one that is refused costs
 * no statement. A client is its key, if the database knew that lately; so clients who share an address, as behind a proxy, have
 * rates of their own. All other keys count by the address, however many are made up. Answers say what is left, as
 * draft-ietf-httpapi-ratelimit-headers-10 describes.
 */
export function limitClients(app: FastifyInstance, rates: ClientRates, knownKeys: KnownKeys): void {
  const { perSecond, burst } = rates.settings;
  if (perSecond === 0) return;
  const policy = `${POLICY};q=${burst};w=${Math.ceil(burst / perSecond)}`;
  app.addHook('onRequest', (request, reply, done) => {
    if (!isClientRoute(request.routeOptions.url)) return done();
    const name = nameKey(request);
    const client = knownKeys.has(name) ? name : networkOf(request.ip);
    const { isRefused, left, fullAfterMs, nextAfterMs } = rates.take(client);
    reply.header('ratelimit-policy', policy);
    reply.header('ratelimit', `${POLICY};r=${left};t=${Math.ceil(fullAfterMs / 1_000)}`);
    done(isRefused ? new RateLimitedError(nextAfterMs) : undefined);
  });
}

/** Of an IPv6 address the first 64 bits: whoever has one usually has all addresses that begin with them. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...new Array<string>(zeros).fill('0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
