import { DeadlineExceededError, listErrorChain, readErrorCode } from '@holdfast/resilience';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Place, PlaceOutcome, Pressure, RouteClass } from './pressure';

/** Where the requests of clients are; everything else operates the service. */
const CLIENT_ROUTES = '/v1/';
const APPENDS: ReadonlySet<string> = new Set(['/v1/events', '/v1/events/import']);

/** The class of a request; undefined for what operates the service, which is always let in. */
export function classOfRoute(method: string, route: string | undefined): RouteClass | undefined {
  if (route === undefined || !route.startsWith(CLIENT_ROUTES)) return undefined;
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'reads';
  return APPENDS.has(route) ? 'appends' : 'writes';
}

interface Stay {
  readonly place: Place;
  /** From then on the work decides when the place is free, even if the client has gone. */
  isWorking: boolean;
  outcome: PlaceOutcome;
}

/** Every request of a client takes a place before its body is read, and gives it back when its work has an answer. */
export function admitRequests(app: FastifyInstance, pressure: Pressure): void {
  const stays = new WeakMap<FastifyRequest, Stay>();
  app.addHook('onRequest', async (request, reply) => {
    const routeClass = classOfRoute(request.method, request.routeOptions.url);
    if (routeClass === undefined) return;
    const gone = new AbortController();
    const leaveIfGone = () => {
      gone.abort(new Error('the client has gone'));
      const stay = stays.get(request);
      // Before its body was read nothing may come that would end it.
      if (stay?.isWorking === false) stay.place.leave('failed');
    };
    reply.raw.once('close', leaveIfGone);
    const place = await pressure.enter(routeClass, gone.signal);
    stays.set(request, { place, isWorking: false, outcome: 'answered' });
    if (reply.raw.closed) leaveIfGone();
  });
  app.addHook('preHandler', async (request) => {
    const stay = stays.get(request);
    if (stay !== undefined) stay.isWorking = true;
  });
  app.addHook('onError', async (request, _reply, error) => {
    const stay = stays.get(request);
    if (stay !== undefined) stay.outcome = isOverload(error) ? 'overloaded' : 'failed';
  });
  app.addHook('onSend', async (request) => {
    const stay = stays.get(request);
    stay?.place.leave(stay.outcome);
  });
}

/** It took the time that there was, or the pool had no connection for it. */
function isOverload(error: unknown): boolean {
  return listErrorChain(error).some(
    (link) => link instanceof DeadlineExceededError || readErrorCode(link) === 'POOL_EXHAUSTED',
  );
}
