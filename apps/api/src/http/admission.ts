import { performance } from 'node:perf_hooks';
import { DeadlineExceededError, listErrorChain, readErrorCode } from '@holdfast/resilience';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { announcesBody } from './body-timeout';
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

declare module 'fastify' {
  interface FastifyRequest {
    /** Its stay among those that were let in; undefined for what needs no place. */
    stay: Stay | undefined;
  }
}

/** A request that was let in, or waits for that. */
class Stay {
  readonly routeClass: RouteClass;
  readonly #reply: FastifyReply;
  #place: Place | undefined;
  #gone: AbortController | undefined;
  /** Its body is awaited, without a place. */
  isAway = false;
  /** From then on the work decides when the place is free, even if the client has gone. */
  isWorking = false;
  outcome: PlaceOutcome = 'answered';
  enteredAtMs = 0;
  /** When its body had been read, less the time that it was held before: what else came before is the pace of the client. */
  workingSinceMs = 0;
  heldMs = 0;

  constructor(routeClass: RouteClass, reply: FastifyReply) {
    this.routeClass = routeClass;
    this.#reply = reply;
    reply.raw.once('close', () => this.#leaveIfGone());
  }

  /** It has a place. Before its body was read nothing may come that would end it but the client. */
  begin(place: Place): void {
    this.#place = place;
    this.enteredAtMs = this.workingSinceMs = performance.now();
    if (this.#reply.raw.closed) this.#leaveIfGone();
  }

  leave(outcome: PlaceOutcome): void {
    this.#place?.leave(outcome);
  }

  /** Ends a wait when the client goes. Most requests never wait, and have none. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    return this.#gone.signal;
  }

  #leaveIfGone(): void {
    this.#gone?.abort(new ClientGoneError());
    if (!this.isWorking) this.leave('failed');
  }
}

/** Runs work for a request, which keeps its place as long as that takes. @throws ClientGoneError if nobody waits any more. */
export type Hold = <T>(request: FastifyRequest, work: () => Promise<T>) => Promise<T>;

/**
 * Every request of a client takes a place, and gives it back when its work has an answer. While its body is awaited it has none:
 * clients that send half of a body would hold the places of all others. Refused is what finds no place, before its body is read
 * where that is still to come.
 */
export function admitRequests(app: FastifyInstance, pressure: Pressure): Hold {
  const receptions = new Receptions();
  /** Most find a place at once, and take it without a promise. */
  const enter = (stay: Stay, isBack: boolean, done: (error?: Error) => void): void => {
    const begin = (place: Place): void => {
      stay.begin(place);
      done();
    };
    const place = pressure.enterAtOnce(stay.routeClass, isBack);
    if (place !== undefined) begin(place);
    else pressure.enter(stay.routeClass, stay.signal, isBack).then(begin, done);
  };
  app.decorateRequest('stay', undefined);
  // All of them answer by their callback: a promise for each hook of each request is what hooks cost.
  app.addHook('onRequest', (request, reply, done) => {
    const routeClass = classOfRoute(request.method, request.routeOptions.url);
    if (routeClass === undefined) return done();
    const stay = new Stay(routeClass, reply);
    enter(stay, false, (error) => {
      if (error === undefined) request.stay = stay;
      done(error);
    });
  });
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { stay } = request;
    if (stay === undefined || hasAllCome(request)) return done(null, payload);
    // A small body has come with its head, and is read behind that: this may still be in the middle of it.
    queueMicrotask(() => {
      if (hasAllCome(request)) return done(null, payload);
      // Of what is over nobody would hear any more.
      if (request.raw.destroyed) return done(new ClientGoneError());
      stay.isAway = true;
      stay.leave('failed');
      receptions.begin(reply);
      // Answered or gone: an answer that waits behind another one never comes to its end, nor does a body that was refused.
      const end = () => receptions.end(reply);
      request.raw.once('close', end);
      reply.raw.once('close', end);
      done(null, payload);
    });
  });
  app.addHook('preValidation', ({ stay }, reply, done) => {
    if (stay?.isAway !== true) return done();
    receptions.end(reply);
    enter(stay, true, (error) => {
      if (error === undefined) stay.isAway = false;
      done(error);
    });
  });
  app.addHook('preHandler', ({ stay }, _reply, done) => {
    if (stay !== undefined) {
      stay.isWorking = true;
      stay.workingSinceMs = performance.now() - stay.heldMs;
    }
    done();
  });
  app.addHook('onError', (request, _reply, error, done) => {
    noteFailure(request, error);
    done();
  });
  app.addHook('onSend', (request, _reply, _payload, done) => {
    const { stay } = request;
    if (stay !== undefined) {
      stay.leave(isPaceOfClient(request, stay, pressure.latencyMs) ? 'failed' : stay.outcome);
    }
    done();
  });
  return async (request, work) => {
    const { stay } = request;
    if (stay === undefined) return work();
    const { isWorking } = stay;
    const sinceMs = performance.now();
    stay.isWorking = true;
    try {
      const value = await work();
      if (!request.raw.socket.destroyed) return value;
    } finally {
      stay.isWorking = isWorking;
      stay.heldMs += performance.now() - sinceMs;
    }
    throw new ClientGoneError();
  };
}

/** What a request has failed with tells whether it was for overload. */
export function noteFailure({ stay }: FastifyRequest, error: unknown): void {
  if (stay !== undefined) stay.outcome = isOverload(error) ? 'overloaded' : 'failed';
}

/** Whether nothing of it is awaited any more. */
function hasAllCome({ raw: { complete }, headers }: FastifyRequest): boolean {
  return complete || !announcesBody(headers);
}

/**
 * Whether it was the client that took long, or wanted to wait for less than is bearable. One that is slow or impatient says
 * nothing of the load, and must not make the limit smaller for all others.
 */
function isPaceOfClient(
  { headers }: FastifyRequest,
  { outcome, enteredAtMs, workingSinceMs }: Stay,
  latencyMs: number,
): boolean {
  const nowMs = performance.now();
  if (nowMs - workingSinceMs > latencyMs) return false;
  if (outcome === 'overloaded') return Number(headers[REQUEST_TIMEOUT_HEADER]) * 1_000 < latencyMs;
  return nowMs - enteredAtMs > latencyMs;
}

/** It took the time that there was, or the pool had no connection for it. */
function isOverload(error: unknown): boolean {
  return listErrorChain(error).some(
    (link) => link instanceof DeadlineExceededError || readErrorCode(link) === 'POOL_EXHAUSTED',
  );
}
