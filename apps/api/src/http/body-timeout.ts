import type { FastifyInstance } from 'fastify';
import { answerMalformedHttp } from './malformed-http';

/** What the bodies of requests may take. */
export interface BodyTimeoutOptions {
  /** Longest that a body may be on its way, in ms. */
  readonly longestMs: number;
  /** Routes that read their body as it comes, and look after its pace themselves. */
  readonly except: ReadonlySet<string>;
}

/**
 * A body that is too long on its way ends its connection with 408. Node's own limit knows no route: it would end an import as well. That
 * for heads stays Node's.
 */
export function limitBodies(app: FastifyInstance, { longestMs, except }: BodyTimeoutOptions): void {
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    if (raw.complete || except.has(routeOptions.url ?? '')) return;
    const tooLong = () => answerMalformedHttp({ ...TIMEOUT }, raw.socket);
    const timer = setTimeout(tooLong, longestMs).unref();
    const stop = () => clearTimeout(timer);
    raw.once('end', stop).once('close', stop);
  });
}

const TIMEOUT = Object.freeze({
  name: 'Error',
  message: 'the body was too long on its way',
  code: 'ERR_HTTP_REQUEST_TIMEOUT',
});
