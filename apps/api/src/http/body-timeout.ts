import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
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
  app.addHook('onRequest', (request, reply, done) => {
    if (!except.has(request.routeOptions.url ?? '')) {
      limitBody(request.raw, longestMs, () => {
        if (reply.raw.headersSent) request.raw.socket.destroySoon();
        else refuseSlowBody(request, reply);
      });
    }
    done();
  });
}

/** Calls back when the body of a request, if it has one, is too long on its way. */
export function limitBody(request: IncomingMessage, longestMs: number, onLate: () => void): void {
  if (!announcesBody(request.headers)) return;
  // A small body comes with its head, and has been read when this turn is over.
  queueMicrotask(() => {
    if (request.complete || request.destroyed) return;
    const timer = setTimeout(onLate, longestMs).unref();
    const stop = () => clearTimeout(timer);
    request.once('end', stop).once('close', stop);
  });
}

/** Asks whether a request has a body, by its head. */
export function announcesBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
