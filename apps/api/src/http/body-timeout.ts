import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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
  app.addHook('onRequest', (request, reply, done) => {
    if (announcesBody(request.headers) && !except.has(request.routeOptions.url ?? '')) {
      // A small body comes with its head, and has been read when this turn is over.
      queueMicrotask(() => limitBody(request, reply, longestMs));
    }
    done();
  });
}

function limitBody(request: FastifyRequest, reply: FastifyReply, longestMs: number): void {
  const { raw } = request;
  if (raw.complete || raw.destroyed) return;
  const timer = setTimeout(() => {
    if (reply.raw.headersSent) raw.socket.destroySoon();
    else refuseSlowBody(request, reply);
  }, longestMs).unref();
  const stop = () => clearTimeout(timer);
  raw.once('end', stop).once('close', stop);
}

function announcesBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
