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
  VersionConflictError,
} from '@holdfast/db';
import { BulkRowError } from '@holdfast/postgres';
import { DeadlineExceededError, listErrorChain } from '@holdfast/resilience';
import { OutcomeUnknownError } from '../database';
import { isOutage } from '../is-outage';
import { InvitationClosedError } from '../use-cases/accept-membership';
import { NotFoundError } from '../use-cases/not-found-error';
import { UnknownAppendError } from '../use-cases/write-append';
import { fieldsOfConstraint } from './problem-fields';
import { capitalized, type Refusal, readFacts, refuse } from './refusal';

/** Codes with which PostgreSQL refuses a text: a NUL in jsonb, a NUL or broken encoding elsewhere. */
const TEXT_CODES = new Set<unknown>(['22P05', '22021']);

/** What the database refuses to store, whichever error of the domain it is the cause of. */
export function refusalOfText(error: unknown): Refusal | undefined {
  if (!listErrorChain(error).some(isRefusalOfText)) return undefined;
  return refuse('text-not-storable', 'A text holds the character U+0000, which the database cannot store.');
}

/** By the server, or before a row was sent to it. */
function isRefusalOfText(error: unknown): boolean {
  if (error instanceof BulkRowError) return error.reason === 'nul-character';
  return TEXT_CODES.has(readFacts(error).code);
}

/** What the domain refuses. */
export function refusalOfDomain(error: unknown): Refusal | undefined {
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
  if (error instanceof InvitationClosedError) {
    return refuse('invitation-closed', 'It cannot be accepted; ask the organization for another invitation.');
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
export function refusalOfTime(error: unknown): Refusal | undefined {
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
export function refusalOfDatabase(error: unknown): Refusal | undefined {
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

function withArticle(noun: string): string {
  return /^[aeio]/i.test(noun) ? `an ${noun}` : `a ${noun}`;
}
