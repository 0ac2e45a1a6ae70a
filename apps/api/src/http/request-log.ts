import type { Logger, Metrics } from '@holdfast/observability';
import type { FastifyInstance } from 'fastify';
import { RefusedLines } from './refused-lines';
import { REQUEST_ID_HEADER } from './request-id';

/** Asked every few seconds by machines; their lines would bury the others. */
const SILENT_ROUTES = new Set(['/livez', '/readyz', '/metrics', '/console/data']);

/** Route of a request for which there is none. */
const NO_ROUTE = 'none';

/** Every request gets its id as a header; every answer is measured, and written as one line unless it is silent, or one of many refusals. */
export function followRequests(app: FastifyInstance, logger: Logger, metrics: Metrics): void {
  const refused = new RefusedLines(logger);
  app.addHook('onClose', async () => refused.tell());
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? NO_ROUTE;
    const reading = {
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    metrics.observeHttpRequest(reading);
    if (!SILENT_ROUTES.has(route) && !refused.takes(reading)) {
      logger.info('Request answered', { requestId: request.id, ...reading });
    }
    done();
  });
}
