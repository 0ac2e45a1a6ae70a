import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { addressProblem } from './address-problem';
import { classOfRoute } from './admission';
import { limitBody } from './body-timeout';
import type { Pressure, PressureRefusedError, RouteClass } from './pressure';
import { refusalOfPressure } from './refusals-of-requests';
import { REQUEST_ID_HEADER, readRequestId } from './request-id';
import type { NoteAnswer } from './request-log';
import { PROBLEM_MEDIA_TYPE } from './schemas/problem';

/** What the gate is built of. */
export interface GateParts {
  readonly pressure: Pressure;
  readonly note: NoteAnswer;
  /** Then nothing is refused here: whoever comes is sent to another instance. */
  readonly isDraining: () => boolean;
  /** Routes take no longer addresses. */
  readonly maxParamLength: number;
  /** Longest that the body of a refused request may be on its way, in ms. */
  readonly bodyTimeoutMs: number;
}

/** A route for whose requests a place is needed. */
interface Admitted {
  readonly route: string;
  readonly routeClass: RouteClass;
}

/**
 * Refuses what would find no place before the web framework hears of it: under a flood most of the time goes to refusals, and what was let
 * in waits for that. What it lets pass is admitted there as anything else; whoever
 * is refused counts against no rate, and has not been asked who it is.
 *
 * All routes are registered after this.
 */
export function refuseAtGate(app: FastifyInstance, parts: GateParts): void {
  const { pressure, isDraining, maxParamLength } = parts;
  const routes = findMyWay({ maxParamLength });
  app.addHook('onRoute', ({ method, url: route }) => {
    for (const one of [method].flat()) {
      const routeClass = classOfRoute(one, route);
      if (routeClass !== undefined) routes.on(one as HTTPMethod, route, NOBODY, { route, routeClass });
    }
  });
  // Fastify's own is the only one that handles requests; others follow them.
  const [handle] = app.server.listeners('request') as [RequestListener];
  app.server.off('request', handle);
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Strangers are told that they are.
    if (isDraining() || request.headers.authorization === undefined) return handle(request, response);
    const found: Admitted | null | undefined = routes.find(
      request.method as HTTPMethod,
      request.url ?? '/',
    )?.store;
    const refusal = found && pressure.refuseAtOnce(found.routeClass);
    if (refusal) refuse(request, response, { parts, refusal, route: found.route });
    else handle(request, response);
  });
}

interface Refused {
  readonly parts: GateParts;
  readonly refusal: PressureRefusedError;
  readonly route: string;
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { parts, refusal: error, route }: Refused,
): void {
  const startedMs = performance.now();
  const { method = '', url = '/' } = request;
  const refusal = refusalOfPressure(error);
  const requestId = readRequestId(request);
  const { status, retryAfterSeconds = 1 } = refusal;
  const body = JSON.stringify(addressProblem(refusal, { url, requestId }));
  limitBody(request, parts.bodyTimeoutMs, () => request.socket.destroySoon());
  response.once('close', () =>
    parts.note({ requestId, method, route, status, tookMs: performance.now() - startedMs }),
  );
  response.writeHead(status, {
    [REQUEST_ID_HEADER]: requestId,
    'retry-after': String(retryAfterSeconds),
    'content-type': PROBLEM_MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** The router only finds. */
const NOBODY = (): void => {};
