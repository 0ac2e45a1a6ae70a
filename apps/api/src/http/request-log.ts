import { type Logger, type Metrics, runWithRequestContext } from '@holdfast/observability';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { REQUEST_ID_HEADER } from './request-id';

/** Asked every few seconds by machines; their lines would bury the others. */
const SILENT_ROUTES = new Set(['/livez', '/readyz', '/metrics', '/console/data']);

/** Route of a request for which there is none. */
const NO_ROUTE = 'none';

/** Every request gets its context and header; every answer is measured, and written as one line unless it is silent. */
export function followRequests(app: FastifyInstance, logger: Logger, metrics: Metrics): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    runInContext(request, done);
  });
  // The end of an answer arrives in the context of its connection.
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? NO_ROUTE;
    const reading = {
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    metrics.observeHttpRequest(reading);
    if (!SILENT_ROUTES.has(route)) runInContext(request, () => logger.info('Request answered', reading));
    done();
  });
}

/** Runs the work in the context of the request, whichever one it was called from. */
export function runInContext<T>(request: FastifyRequest, work: () => T): T {
  return runWithRequestContext({ requestId: request.id }, work);
}
