import { createDeadline, type Deadline } from '@holdfast/resilience';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Database } from '../database';
import { isClientRoute } from './client-routes';
import { InvalidHeaderError } from './invalid-header-error';

/** How long a client wants to wait. */
export const REQUEST_TIMEOUT_HEADER = 'request-timeout';

/** How long requests may take. */
export interface RequestTimeoutOptions {
  /** Of a request that does not say, in ms. */
  readonly defaultMs: number;
  /** What a request that asks for more gets, in ms. */
  readonly maxMs: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** When it has to be answered; undefined where it is no request of a client, and before it has been read. */
    deadline: Deadline | undefined;
  }
}

/** Gives one request its hold on the database: until its deadline, and as whoever asks. */
export type DatabaseOf = (request: FastifyRequest) => Database;

const SECONDS = /^\d{1,9}(?:\.\d{1,9})?$/;

/**
 * Every request of a client has a deadline, counted from the moment at which it has been read: what its header `request-timeout` says,
 * in seconds as other headers of HTTP do, with a fraction if need be.
 */
export function limitRequests(
  app: FastifyInstance,
  database: Database,
  options: RequestTimeoutOptions,
): DatabaseOf {
  app.decorateRequest('deadline', undefined);
  app.addHook('preHandler', (request, _reply, done) => {
    if (isClientRoute(request.routeOptions.url)) {
      request.deadline = createDeadline(readLimitMs(request, options));
    }
    done();
  });
  return (request) => {
    const { deadline, identity, isKeyAssumed, routeOptions } = request;
    const ofRequest = database.for(request.id);
    const scope = isKeyAssumed ? routeOptions.config.scope : undefined;
    const own = identity === undefined ? ofRequest : ofRequest.as({ keyHash: identity.keyHash, scope });
    return deadline === undefined ? own : own.within(deadline);
  };
}

/**
 * Reads how long a request may take, in ms.
 * @throws InvalidHeaderError
 */
export function readLimitMs(
  { headers }: FastifyRequest,
  { defaultMs, maxMs }: RequestTimeoutOptions,
): number {
  const given = headers[REQUEST_TIMEOUT_HEADER];
  if (given === undefined) return defaultMs;
  const seconds = typeof given === 'string' && SECONDS.test(given) ? Number(given) : 0;
  if (seconds <= 0)
    throw new InvalidHeaderError(REQUEST_TIMEOUT_HEADER, 'a number of seconds above 0, as 2.5');
  return Math.max(1, Math.min(seconds * 1_000, maxMs));
}
