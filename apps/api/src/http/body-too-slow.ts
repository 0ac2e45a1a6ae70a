import type { FastifyReply, FastifyRequest } from 'fastify';

/** The body was too long on its way. */
class BodyTooSlowError extends Error {
  override readonly name = 'BodyTooSlowError';
  readonly code = 'HOLDFAST_BODY_TOO_SLOW';
  readonly statusCode = 408;

  constructor() {
    super('the body was too long on its way');
  }
}

/** Refuses a request with 408 whose body is awaited; the rest of it may never come, and is not waited for. */
export function refuseSlowBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  const error = new BodyTooSlowError();
  // Who reads the body forgets what has come of it, and answers. The connection is still there: the answer goes that way.
  if (raw.listenerCount('error') > 0) raw.emit('error', error);
  else reply.header('connection', 'close').send(error);
}
