import { NotPermittedError, RowChangedError } from '@holdfast/db';
import { listErrorChain } from '@holdfast/resilience';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { IdempotencyKeyBusyError, IdempotentCallMismatchError } from '../answer-once';
import { OthersInvitationError } from '../use-cases/accept-membership';
import { BeyondOwnRightsError } from '../use-cases/key-rights';
import { ScopeMissingError, UnauthenticatedError } from './authentication';
import { PreconditionRequiredError } from './conditional';
import { CrossSiteError } from './cross-site';
import { ShuttingDownError } from './drain';
import { InvalidHeaderError } from './invalid-header-error';
import { EncodedBodyError, ForbiddenKeyError } from './json-bodies';
import { RateLimitedError } from './limit-clients';
import { PressureRefusedError } from './pressure';
import type { ProblemKind } from './problem-kinds';
import { capitalized, type Refusal, readFacts, refuse } from './refusal';
import { StreamedBodyError } from './streamed-body';

/** What was not let in. */
export function refusalOfUnadmitted(error: unknown): Refusal | undefined {
  const isUnadmitted = error instanceof PressureRefusedError || error instanceof RateLimitedError;
  return isUnadmitted ? refusalOfPressure(error) : undefined;
}

/** Why it was not, and when to come back. */
export function refusalOfPressure(error: PressureRefusedError | RateLimitedError): Refusal {
  const kind =
    error instanceof RateLimitedError
      ? 'rate-limited'
      : error.reason === 'class-full'
        ? 'too-many-requests'
        : 'saturated';
  const retryAfterSeconds = Math.max(1, Math.ceil(error.retryAfterMs / 1_000));
  return refuse(kind, `Nothing was done. Send the request again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  });
}

/** Whose key it is, or how far it reaches. */
export function refusalOfKey(error: unknown): Refusal | undefined {
  if (error instanceof UnauthenticatedError) {
    return error.isPresented
      ? refuse('unauthenticated', 'The key is unknown, revoked or has expired, or is none.', {
          challenge: `${CHALLENGE}, error="invalid_token"`,
        })
      : refuse('unauthenticated', 'Send an API key, as authorization: Bearer hf_…', { challenge: CHALLENGE });
  }
  if (error instanceof ScopeMissingError) {
    const { scope } = error;
    const whose = scope === 'operate' ? ' and belong to no organization' : '';
    return refuse('scope-missing', `The key must have the scope ${scope}${whose}.`, {
      challenge: `${CHALLENGE}, error="insufficient_scope", scope="${scope}"`,
    });
  }
  if (error instanceof BeyondOwnRightsError) {
    const errors = [{ path: `body.${error.field}`, message: 'Beyond what the key of the request has' }];
    return refuse('forbidden', `${capitalized(error.message)}.`, { errors });
  }
  if (error instanceof OthersInvitationError) {
    return refuse('forbidden', 'An invitation is accepted with a key of the user whom it is for.');
  }
  if (error instanceof NotPermittedError && error.entity === 'membership')
    return refuse('forbidden', INVITES);
  if (listErrorChain(error).some(isRefusedByPolicy)) {
    return refuse('forbidden', 'What was to be written belongs to another organization, or to operators.');
  }
  return undefined;
}

/** What a key of an organization may make of memberships. */
const INVITES =
  'A key of an organization invites to it alone, with the status pending; a membership is made active by its user, who accepts ' +
  'the invitation, or by an operator.';

const CHALLENGE = 'Bearer realm="holdfast"';

/** That the role of the service has no right at all is no fault of the key: the server tells the two by where it refused. */
function isRefusedByPolicy(error: unknown): boolean {
  const { code, routine } = readFacts(error);
  return code === '42501' && !String(routine).startsWith('aclcheck_error');
}

const KINDS_BY_FASTIFY_CODE: Readonly<Record<string, readonly [ProblemKind, string]>> = Object.freeze({
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'Send the body as application/json.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'A body may hold at most 1 MiB.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed-json', 'The body cannot be read as JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed-json', 'The body is empty.'],
});

/** What is wrong with the request itself, found before any use case ran. */
export function refusalOfRequest(error: unknown): Refusal | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const place = PLACES[error.validationContext ?? 'body'] ?? 'request';
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: `${place}${instancePath.replaceAll('/', '.')}`.replace(/\.$/, ''),
      message: message ?? 'Invalid input',
    }));
    return refuse('validation', 'See the errors for what is wrong where.', { errors });
  }
  if (error instanceof EncodedBodyError) {
    return refuse('unsupported-media-type', 'Send the body without a content-encoding.');
  }
  if (error instanceof ForbiddenKeyError) {
    return refuse(
      'validation',
      'The body holds a key named __proto__ or constructor.prototype, which is not allowed.',
    );
  }
  if (error instanceof StreamedBodyError) return refusalOfStreamedBody(error);
  if (error instanceof CrossSiteError) return refuse('cross-site', 'Press the button on the console itself.');
  if (error instanceof ShuttingDownError) {
    return refuse('shutting-down', 'Send the request again; another instance will answer.', {
      retryAfterSeconds: 1,
    });
  }
  const { code, statusCode } = readFacts(error);
  if (typeof code === 'string' && Object.hasOwn(KINDS_BY_FASTIFY_CODE, code)) {
    const [kind, detail] = KINDS_BY_FASTIFY_CODE[code] ?? (['malformed-request', ''] as const);
    return refuse(kind, detail);
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return refuse('malformed-request', 'The request cannot be read.', { status: statusCode });
  }
  return undefined;
}

/** Why a body that is read as it comes was not read, where nothing had been done with it. */
function refusalOfStreamedBody(error: StreamedBodyError): Refusal {
  const detail = `${capitalized(error.message)}.`;
  switch (error.fault) {
    case 'shutting-down':
      return refuse('shutting-down', 'Send the request again; another instance will answer.', {
        retryAfterSeconds: 1,
      });
    case 'too-slow':
      return refuse('malformed-request', detail, { status: 408 });
    case 'too-large':
    case 'compression-bomb':
      return refuse('body-too-large', detail);
    case 'malformed-gzip':
    case 'client-gone':
      return refuse('malformed-request', detail);
    default:
      return error.fault satisfies never;
  }
}

/** What the headers ask for that cannot be had. */
export function refusalOfHeader(error: unknown): Refusal | undefined {
  if (error instanceof InvalidHeaderError) {
    const errors = [
      { path: `headers.${error.header}`, message: `Invalid header: expected ${error.allowed}` },
    ];
    return refuse('validation', 'See the errors for what is wrong where.', { errors });
  }
  if (error instanceof PreconditionRequiredError) {
    return refuse('precondition-required', 'Read it first, and send its etag as if-match.');
  }
  if (error instanceof RowChangedError) {
    return refuse('precondition-failed', 'Read it again, decide again, change again.');
  }
  if (error instanceof IdempotencyKeyBusyError) {
    return refuse(
      'idempotency-key-busy',
      'Send the request again: it will get the answer of the first one.',
      {
        retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS,
      },
    );
  }
  if (error instanceof IdempotentCallMismatchError) {
    return refuse('idempotency-key-reused', 'Give another request another idempotency key.');
  }
  return undefined;
}

/** Most requests are done long before. */
const BUSY_RETRY_AFTER_SECONDS = 1;

const PLACES: Readonly<Record<string, string>> = Object.freeze({
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
});
