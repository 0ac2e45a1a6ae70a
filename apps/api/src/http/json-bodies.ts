import type { FastifyInstance } from 'fastify';

/** A body is JSON, but a key in it would reach the prototype of whatever the body is copied into. */
export class ForbiddenKeyError extends Error {
  override readonly name = 'ForbiddenKeyError';
  readonly code = 'HOLDFAST_FORBIDDEN_KEY';

  constructor() {
    super('keys named __proto__ or constructor.prototype are not allowed');
  }
}

/** A body of JSON is compressed, and nothing here opens it: what is small on its way may be huge when it is open. */
export class EncodedBodyError extends Error {
  override readonly name = 'EncodedBodyError';
  readonly code = 'HOLDFAST_ENCODED_BODY';

  constructor() {
    super('the body has a content coding');
  }
}

/**
 * Bodies of JSON are read, as fastify does; but those with forbidden keys fail with ForbiddenKeyError, and those with a coding with
 * EncodedBodyError, where fastify's own reader says of both that they are no JSON.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const read = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
      done(new EncodedBodyError());
      return;
    }
    void read(request, body, (error, value) => {
      if (error && isJson(body)) done(new ForbiddenKeyError());
      else done(error, value);
    });
  });
}

function isJson(text: string): boolean {
  try {
    // A mark of the byte order is no JSON, but is passed over when a body is read.
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return true;
  } catch {
    return false;
  }
}
