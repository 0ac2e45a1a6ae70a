import { performance } from 'node:perf_hooks';
import { DeadlineExceededError, listErrorChain, readErrorCode } from '@holdfast/resilience';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isClientRoute } from './client-routes';
import type { Place, PlaceOutcome, Pressure, RouteClass } from './pressure';
import { Receptions } from './receptions';
import { REQUEST_TIMEOUT_HEADER } from './request-timeout';

const APPENDS: ReadonlySet<string> = new Set(['/v1/events', '/v1/events/append']);
/** Questions whose parameters do not fit into an address. */
const READS: ReadonlySet<string> = new Set(['/v1/events/query']);
/** They last for as long as they last, and have places of their own: see LongRequests. */
const LONG: ReadonlySet<string> = new Set(['/v1/events/tail', '/v1/events/import']);

/** The class of a request; undefined for what operates the service, which is always let in, and for what has places of its own. */
export function classOfRoute(method: string, route: string | undefined): RouteClass | undefined {
  if (!isClientRoute(route) || LONG.has(route)) return undefined;
  if (READS.has(route)) return 'reads';
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'reads';
  return APPENDS.has(route) ? 'appends' : 'writes';
}

/** The client has gone before the work for its request began; nobody reads what it is answered, and nothing has failed. */
class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
  readonly code = 'HOLDFAST_CLIENT_GONE';
  /** As proxies count it. */
  readonly statusCode = 499;

  constructor() {
    super('the client has gone');
  }
}

interface Stay {
  place: Place;
  /** Takes a place anew. */
  readonly comeBack: () => Promise<Place>;
  /** Its body is awaited, without a place. */
  isAway: boolean;
  /** From then on the work decides when the place is free, even if the client has gone. */
  isWorking: boolean;
  outcome: PlaceOutcome;
  enteredAtMs: number;
  /** When its body had been read: what came before is the pace of the client, but for the time that it was held. */
  workingSinceMs: number;
  heldMs: number;
}

/** Runs work for a request, which keeps its place as long as that takes. @throws ClientGoneError if nobody waits any more. */
export type Hold = <T>(request: FastifyRequest, work: () => Promise<T>) => Promise<T>;

/**
 * Every request of a client takes a place, and gives it back when its work has an answer. While its body is awaited it has none:
 * clients that send half of a body would hold the places of all others. Refused is what finds no place, before its body is read
 * where that is still to come.
 */
export function admitRequests(app: FastifyInstance, pressure: Pressure): Hold {
  const stays = new WeakMap<FastifyRequest, Stay>();
  const receptions = new Receptions();
  app.addHook('onRequest', async (request, reply) => {
    const routeClass = classOfRoute(request.method, request.routeOptions.url);
    if (routeClass === undefined) return;
    const gone = new AbortController();
    const leaveIfGone = () => {
      gone.abort(new ClientGoneError());
      const stay = stays.get(request);
      // Before its body was read nothing may come that would end it.
      if (stay?.isWorking === false) stay.place.leave('failed');
    };
    reply.raw.once('close', leaveIfGone);
    const place = await pressure.enter(routeClass, gone.signal);
    const nowMs = performance.now();
    stays.set(request, {
      place,
      comeBack: () => pressure.enter(routeClass, gone.signal, true),
      isAway: false,
      isWorking: false,
      outcome: 'answered',
      enteredAtMs: nowMs,
      workingSinceMs: nowMs,
      heldMs: 0,
    });
    if (reply.raw.closed) leaveIfGone();
  });
  app.addHook('preParsing', async (request, reply, payload) => {
    const stay = stays.get(request);
    // A small body has come with its head.
    if (stay === undefined || request.raw.complete) return payload;
    // Of what is over nobody would hear any more.
    if (request.raw.destroyed) throw new ClientGoneError();
    stay.isAway = true;
    stay.place.leave('failed');
    receptions.begin(reply);
    // Answered or gone: an answer that waits behind another one never comes to its end, nor does a body that was refused.
    const end = () => receptions.end(reply);
    request.raw.once('close', end);
    reply.raw.once('close', end);
    return payload;
  });
  app.addHook('preValidation', async (request, reply) => {
    const stay = stays.get(request);
    if (stay?.isAway !== true) return;
    receptions.end(reply);
    stay.place = await stay.comeBack();
    stay.isAway = false;
    stay.enteredAtMs = performance.now();
    if (reply.raw.closed) stay.place.leave('failed');
  });
  app.addHook('preHandler', async (request) => {
    const stay = stays.get(request);
    if (stay === undefined) return;
    stay.isWorking = true;
    stay.workingSinceMs = performance.now();
  });
  app.addHook('onError', async (request, _reply, error) => {
    const stay = stays.get(request);
    if (stay !== undefined) stay.outcome = isOverload(error) ? 'overloaded' : 'failed';
  });
  app.addHook('onSend', async (request) => {
    const stay = stays.get(request);
    if (stay === undefined) return;
    const isOfClient = isPaceOfClient(request, stay, pressure.latencyMs);
    stay.place.leave(isOfClient ? 'failed' : stay.outcome);
  });
  return async (request, work) => {
    const stay = stays.get(request);
    if (stay === undefined) return work();
    const sinceMs = performance.now();
    stay.isWorking = true;
    const value = await work().finally(() => {
      stay.isWorking = false;
      stay.heldMs = performance.now() - sinceMs;
    });
    if (request.raw.socket.destroyed) throw new ClientGoneError();
    return value;
  };
}

/**
 * Whether it was the client that took long, or wanted to wait for less than is bearable. One that is slow or impatient says
 * nothing of the load, and must not make the limit smaller for all others.
 */
function isPaceOfClient(
  { headers }: FastifyRequest,
  { outcome, enteredAtMs, workingSinceMs, heldMs }: Stay,
  latencyMs: number,
): boolean {
  const nowMs = performance.now();
  if (nowMs - workingSinceMs + heldMs > latencyMs) return false;
  if (outcome === 'overloaded') return Number(headers[REQUEST_TIMEOUT_HEADER]) * 1_000 < latencyMs;
  return nowMs - enteredAtMs > latencyMs;
}

/** It took the time that there was, or the pool had no connection for it. */
function isOverload(error: unknown): boolean {
  return listErrorChain(error).some(
    (link) => link instanceof DeadlineExceededError || readErrorCode(link) === 'POOL_EXHAUSTED',
  );
}
