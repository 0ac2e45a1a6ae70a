import type { Logger } from '@holdfast/observability';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressProblem, pathOf } from './address-problem';
import { noteFailure } from './admission';
import type { ExplainRefusal } from './authentication';
import type { ProblemKind } from './problem-kinds';
import { problemOf } from './problem-of';
import { type Refusal, refuse } from './refusal';
import { REQUEST_ID_HEADER } from './request-id';
import { PROBLEM_MEDIA_TYPE } from './schemas/problem';

/**
 * Every error of a route becomes a problem; those that are not the client's are logged.
 * @param explain Tells why a request is refused whose key was not looked for.
 */
export function answerWithProblems(app: FastifyInstance, logger: Logger, explain: ExplainRefusal): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = (told: unknown, refusal: Refusal) => {
      logRefusal(logger, refusal, { requestId: request.id, error: told });
      return sendProblem(request, reply, refusal);
    };
    const refusal = problemOf(error);
    if (!request.isKeyAssumed) return answer(error, refusal);
    // Without its place nothing is looked for.
    const mayBeOfKey = MAY_BE_OF_KEY.has(refusal.kind) && request.stay?.isAway !== true;
    return explain(request, error, mayBeOfKey).then((told) => {
      if (told === error) return answer(error, refusal);
      noteFailure(request, told);
      return answer(told, problemOf(told));
    });
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      refuse(
        'unknown-route',
        `${request.method} ${pathOf(request.url)} is not a route of this service; /docs lists them.`,
      ),
    ),
  );
}

/** A path that cannot be decoded is refused before it has a route, and so before any hook. */
export function answerMalformedUrl(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.header(REQUEST_ID_HEADER, request.id);
  sendProblem(request, reply, refuse('malformed-request', 'The path cannot be decoded.'));
}

/**
 * Refusals of what may be there, and right, for a key that can be used. The others, for the form of a body, for pressure, for the time it takes, are the
 * same whatever key comes.
 */
const MAY_BE_OF_KEY: ReadonlySet<ProblemKind> = new Set([
  'validation',
  'text-not-storable',
  'forbidden',
  'not-found',
  'version-conflict',
  'idempotency-key-busy',
  'idempotency-key-reused',
]);

/** Refusals that say more about the database than about the request. */
const LOGGED: ReadonlySet<ProblemKind> = new Set([
  'database-unavailable',
  'deadline-exceeded',
  'outcome-unknown',
  'forbidden',
]);

function logRefusal(
  logger: Logger,
  refusal: Refusal,
  facts: { readonly requestId: string; readonly error: unknown },
): void {
  if (refusal.kind === 'internal') logger.error('Request failed', facts);
  else if (LOGGED.has(refusal.kind)) logger.warn('Request refused', { problem: refusal.kind, ...facts });
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, retryAfterSeconds, challenge } = refusal;
  const problem = addressProblem(refusal, { url: request.url, requestId: request.id });
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  return reply.code(status).type(PROBLEM_MEDIA_TYPE).serializer(JSON.stringify).send(problem);
}
