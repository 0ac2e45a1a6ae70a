import type { Logger } from '@holdfast/observability';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EncodedBodyError, ForbiddenKeyError } from './json-bodies';
import { PROBLEMS, type ProblemKind, problemType } from './problem-kinds';
import { problemOf, type Refusal } from './problem-of';
import { REQUEST_ID_HEADER } from './request-id';
import { runInContext } from './request-log';
import { PROBLEM_MEDIA_TYPE, type Problem } from './schemas/problem';

/** Every error of a route becomes a problem; those that are not the client's are logged. */
export function answerWithProblems(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOfBody(error) ?? problemOf(error);
    runInContext(request, () => logRefusal(logger, refusal, error));
    return sendProblem(request, reply, refusal);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, {
      kind: 'unknown-route',
      status: PROBLEMS['unknown-route'].status,
      detail: `${request.method} ${pathOf(request)} is not a route of this service; /docs lists them.`,
    }),
  );
}

/** A path that cannot be decoded is refused before it has a route, and so before any hook. */
export function answerMalformedUrl(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const detail = 'The path cannot be decoded.';
  const { status } = PROBLEMS['malformed-request'];
  reply.header(REQUEST_ID_HEADER, request.id);
  sendProblem(request, reply, { kind: 'malformed-request', status, detail });
}

function refusalOfBody(error: unknown): Refusal | undefined {
  if (error instanceof EncodedBodyError) {
    const kind = 'unsupported-media-type';
    return { kind, status: PROBLEMS[kind].status, detail: 'Send the body without a content-encoding.' };
  }
  if (!(error instanceof ForbiddenKeyError)) return undefined;
  const detail = 'The body holds a key named __proto__ or constructor.prototype, which is not allowed.';
  return { kind: 'validation', status: PROBLEMS.validation.status, detail };
}

/** Refusals that say more about the database than about the request. */
const LOGGED: ReadonlySet<ProblemKind> = new Set([
  'database-unavailable',
  'deadline-exceeded',
  'outcome-unknown',
  'forbidden',
]);

function logRefusal(logger: Logger, refusal: Refusal, error: unknown): void {
  if (refusal.kind === 'internal') logger.error('Request failed', { error });
  else if (LOGGED.has(refusal.kind)) logger.warn('Request refused', { problem: refusal.kind, error });
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { kind, status, detail, errors, retryAfterSeconds, challenge, idempotencyKeys = [] } = refusal;
  const problem: Problem = {
    type: problemType(kind),
    title: PROBLEMS[kind].title,
    status,
    detail,
    instance: pathOf(request),
    requestId: request.id,
    ...(errors !== undefined && errors.length > 0 ? { errors } : {}),
    ...(idempotencyKeys.length > 0 ? { idempotencyKeys } : {}),
  };
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  return reply.code(status).type(PROBLEM_MEDIA_TYPE).serializer(JSON.stringify).send(problem);
}

/** Without the query, which may hold an e-mail address. */
function pathOf({ url }: FastifyRequest): string {
  return url.replace(/[?#].*$/s, '');
}
