import type { Logger, Metrics } from '@holdfast/observability';
import type { FastifyInstance } from 'fastify';
import { RefusedLines } from './refused-lines';
import { REQUEST_ID_HEADER } from './request-id';

/** Asked every few seconds by machines; their lines would bury the others. */
const SILENT_ROUTES = new Set(['/livez', '/readyz', '/metrics', '/console/data']);

/** Route of a request for which there is none. */
const NO_ROUTE = 'none';

/** An answer as it is measured and written down. */
export interface Answer {
  readonly requestId: string;
  readonly method: string;
  /** The pattern of its path. */
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

/** Measures an answer, and writes one line of it. */
export type NoteAnswer = (answer: Answer) => void;

/**
 * Every request gets its id as a header; every answer is measured, and written as one line unless it is silent, or one of many refusals.
 *
 * @returns what is to be told of answers that are given without the application.
 */
export function followRequests(app: FastifyInstance, logger: Logger, metrics: Metrics): NoteAnswer {
  const refused = new RefusedLines(logger);
  const note = ({ requestId, method, route, status, tookMs }: Answer): void => {
    const reading = { method, route, status, durationMs: Math.round(tookMs * 10) / 10 };
    metrics.observeHttpRequest(reading);
    if (!SILENT_ROUTES.has(route) && !refused.takes(reading)) {
      logger.info('Request answered', { requestId, ...reading });
    }
  };
  app.addHook('onClose', async () => refused.tell());
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    note({
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? NO_ROUTE,
      status: reply.statusCode,
      tookMs: reply.elapsedTime,
    });
    done();
  });
  return note;
}
