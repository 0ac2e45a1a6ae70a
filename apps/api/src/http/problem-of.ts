import {
  AlreadyExistsError,
  ApiKeySpentError,
  ConditionFailedError,
  IdempotencyKeyReusedError,
  InvalidAppendError,
  InvalidCursorError,
  InvalidEventQueryError,
  InvalidLimitError,
  LogRewoundError,
  ReferenceMissingError,
  RowChangedError,
  VersionConflictError,
} from '@holdfast/db';
import { DeadlineExceededError, listErrorChain } from '@holdfast/resilience';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { IdempotencyKeyBusyError, IdempotentCallMismatchError } from '../answer-once';
import { OutcomeUnknownError } from '../database';
import { isOutage } from '../is-outage';
import { BeyondOwnRightsError } from '../use-cases/key-rights';
import { NotFoundError } from '../use-cases/not-found-error';
import { UnknownAppendError } from '../use-cases/write-append';
import { ScopeMissingError, UnauthenticatedError } from './authentication';
import { PreconditionRequiredError } from './conditional';
import { CrossSiteError } from './cross-site';
import { ShuttingDownError } from './drain';
import { InvalidHeaderError } from './invalid-header-error';
import { RateLimitedError } from './limit-clients';
import { PressureRefusedError } from './pressure';
import { fieldsOfConstraint } from './problem-fields';
import { PROBLEMS, type ProblemKind } from './problem-kinds';
import type { Problem } from './schemas/problem';
import { StreamedBodyError } from './streamed-body';

/** A refusal before it is addressed to a request. */
export interface Refusal {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly detail: string;
  readonly errors?: Problem['errors'];
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
  /** Says how to authenticate (RFC 6750). */
  readonly challenge?: string;
  /** Idempotency keys of a write whose outcome is not known. */
  readonly idempotencyKeys?: readonly string[];
}

/**
 * Says what a client may know of an error. Errors that are known by their class or code keep what they say of the
 * request; of everything else nothing is told.
 */
export function problemOf(error: unknown): Refusal {
  return (
    refusalOfPressure(error) ??
    refusalOfKey(error) ??
    refusalOfRequest(error) ??
    refusalOfHeader(error) ??
    refusalOfText(error) ??
    refusalOfDomain(error) ??
    refusalOfTime(error) ??
    refusalOfDatabase(error) ??
    refuse('internal', 'Something went wrong here. The request id names it in the logs.')
  );
}

function refuse(kind: ProblemKind, detail: string, more: Partial<Refusal> = {}): Refusal {
  return { kind, status: PROBLEMS[kind].status, detail, ...more };
}

/** What was not let in. */
function refusalOfPressure(error: unknown): Refusal | undefined {
  if (!(error instanceof PressureRefusedError || error instanceof RateLimitedError)) return undefined;
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
function refusalOfKey(error: unknown): Refusal | undefined {
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
  if (listErrorChain(error).some(isRefusedByPolicy)) {
    return refuse('forbidden', 'What was to be written belongs to another organization, or to operators.');
  }
  return undefined;
}

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
function refusalOfRequest(error: unknown): Refusal | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const place = PLACES[error.validationContext ?? 'body'] ?? 'request';
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: `${place}${instancePath.replaceAll('/', '.')}`.replace(/\.$/, ''),
      message: message ?? 'Invalid input',
    }));
    return refuse('validation', 'See the errors for what is wrong where.', { errors });
  }
  if (error instanceof StreamedBodyError) return refusalOfBody(error);
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
function refusalOfBody(error: StreamedBodyError): Refusal {
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
function refusalOfHeader(error: unknown): Refusal | undefined {
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

/** Codes with which PostgreSQL refuses a text: a NUL in jsonb, a NUL or broken encoding elsewhere. */
const TEXT_CODES = new Set<unknown>(['22P05', '22021']);

/** What the database refuses to store, whichever error of the domain it is the cause of. */
function refusalOfText(error: unknown): Refusal | undefined {
  if (!listErrorChain(error).some((link) => TEXT_CODES.has(readFacts(link).code))) return undefined;
  return refuse('text-not-storable', 'A text holds the character U+0000, which the database cannot store.');
}

/** What the domain refuses. */
function refusalOfDomain(error: unknown): Refusal | undefined {
  if (error instanceof NotFoundError) return refuse('not-found', `${capitalized(error.message)}.`);
  if (error instanceof InvalidCursorError) return refuse('invalid-cursor', `${capitalized(error.message)}.`);
  if (error instanceof InvalidLimitError) return refuse('invalid-limit', `${capitalized(error.message)}.`);
  if (error instanceof InvalidAppendError || error instanceof InvalidEventQueryError) {
    const { path, reason } = error;
    const errors = path === undefined ? [] : [{ path: `body.${path}`, message: capitalized(reason) }];
    return refuse('validation', `The append cannot be written: ${error.message}.`, { errors });
  }
  if (error instanceof IdempotencyKeyReusedError) {
    return refuse('idempotency-key-reused', `${capitalized(error.message)}; give new events new keys.`);
  }
  if (error instanceof AlreadyExistsError) {
    const errors = fieldsOfConstraint(error.index).map((path) => ({ path, message: 'Taken' }));
    return refuse('already-exists', `There is such ${withArticle(error.entity)} already.`, { errors });
  }
  if (error instanceof ReferenceMissingError) {
    const fields = fieldsOfConstraint(error.constraint);
    const errors = fields.map((path) => ({ path, message: 'Refers to nothing that exists' }));
    const what = fields.length === 0 ? 'something' : fields.join(', ');
    return refuse(
      'reference-missing',
      `The ${error.entity} refers to something that does not exist: ${what}.`,
      {
        errors,
      },
    );
  }
  if (error instanceof ApiKeySpentError) {
    return refuse('api-key-spent', 'It can no longer be changed or rotated; create another one.');
  }
  if (error instanceof VersionConflictError) {
    return refuse('version-conflict', `${error.message}; read it again, decide again, append again.`);
  }
  if (error instanceof ConditionFailedError) {
    const errors = [
      { path: `body.condition.query.${error.item}`, message: 'Matches an event that was not read' },
    ];
    return refuse(
      'condition-failed',
      `${capitalized(error.message)}; ask again, decide again, append again.`,
      { errors },
    );
  }
  if (error instanceof LogRewoundError)
    return refuse('log-rewound', `${capitalized(error.message)}; begin anew.`);
  return undefined;
}

/** What took too long, or got lost on the way to the database and back. */
function refusalOfTime(error: unknown): Refusal | undefined {
  if (error instanceof UnknownAppendError) {
    const { idempotencyKeys } = error;
    const advice =
      idempotencyKeys.length > 0
        ? 'Send the same request again with the same idempotency keys: it is done once.'
        : 'With its idempotency key the same request can be sent again; without one, read the stream first.';
    return refuse('outcome-unknown', `The answer of the database was lost. ${advice}`, { idempotencyKeys });
  }
  if (error instanceof OutcomeUnknownError) {
    return refuse(
      'outcome-unknown',
      'The answer of the database was lost. With its idempotency key the same request can be sent again; without one, look whether it was done before you try again.',
    );
  }
  if (error instanceof DeadlineExceededError) {
    return refuse('deadline-exceeded', 'The request was given up, and nothing was written.');
  }
  return undefined;
}

/** Seconds a client should wait for a database that does not answer: about as long as a failover's first step. */
const DATABASE_RETRY_AFTER_SECONDS = 2;

/** That the database does not answer. */
function refusalOfDatabase(error: unknown): Refusal | undefined {
  if (!isOutage(error)) return undefined;
  const hintsMs = listErrorChain(error)
    .map((link) => readFacts(link).retryAfterMs)
    .filter((hint) => typeof hint === 'number');
  const retryAfterSeconds = Math.max(
    DATABASE_RETRY_AFTER_SECONDS,
    ...hintsMs.map((ms) => Math.ceil(ms / 1_000)),
  );
  return refuse('database-unavailable', `Send the request again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  });
}

function readFacts(error: unknown): {
  code?: unknown;
  statusCode?: unknown;
  retryAfterMs?: unknown;
  routine?: unknown;
} {
  return typeof error === 'object' && error !== null ? error : {};
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function withArticle(noun: string): string {
  return /^[aeio]/i.test(noun) ? `an ${noun}` : `a ${noun}`;
}
