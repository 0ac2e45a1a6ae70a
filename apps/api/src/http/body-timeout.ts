import type { FastifyInstance } from 'fastify';
import { refuseSlowBody } from './body-too-slow';

/** What the bodies of requests may take. */
export interface BodyTimeoutOptions {
  /** Longest that a body may be on its way, in ms. */
  readonly longestMs: number;
  /** Routes that read their body as it comes, and look after its pace themselves. */
  readonly except: ReadonlySet<string>;
}

/**
 * A body that is too long on its way ends its connection, with 408 where its request has no answer yet. Node's own limit knows no route:
 * it would end an import as well. That for heads stays Node's.
 */
export function limitBodies(app: FastifyInstance, { longestMs, except }: BodyTimeoutOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const { raw, routeOptions } = request;
    if (raw.complete || except.has(routeOptions.url ?? '')) return;
    const timer = setTimeout(() => {
      if (reply.raw.headersSent) raw.socket.destroySoon();
      else refuseSlowBody(request, reply);
    }, longestMs).unref();
    const stop = () => clearTimeout(timer);
    raw.once('end', stop).once('close', stop);
  });
}
