import {
  AlreadyExistsError,
  ApiKeySpentError,
  IdempotencyKeyReusedError,
  InvalidAppendError,
  InvalidCursorError,
  InvalidLimitError,
  NotPermittedError,
  ReferenceMissingError,
  RowChangedError,
  VersionConflictError,
} from '@holdfast/db';
import { BulkRowError } from '@holdfast/postgres';
import { CircuitOpenError, RetryError } from '@holdfast/resilience';
import { IdempotencyKeyBusyError, IdempotentCallMismatchError } from '../answer-once';
import { OutcomeUnknownError } from '../database';
import { InvitationClosedError, OthersInvitationError } from '../use-cases/accept-membership';
import { NotFoundError } from '../use-cases/not-found-error';
import { UnknownAppendError } from '../use-cases/write-append';
import { PreconditionRequiredError } from './conditional';
import { ShuttingDownError } from './drain';
import { InvalidHeaderError } from './invalid-header-error';
import { problemOf } from './problem-of';

const coded = (code: string, message = 'secret') => Object.assign(new Error(message), { code });
const conflict = { aggregateType: 'invoice', aggregateId: 'a', expectedVersion: 3 };
const retried = (cause: unknown) =>
  new RetryError('RETRY_EXHAUSTED', { attempts: 3, totalDelayMs: 1, elapsedMs: 1 }, cause);

describe('problemOf', () => {
  it.each([
    [new NotFoundError('user', 'x'), 404, 'not-found'],
    [new RowChangedError('user', 'x', 2), 412, 'precondition-failed'],
    [new PreconditionRequiredError(), 428, 'precondition-required'],
    [new ApiKeySpentError('x'), 409, 'api-key-spent'],
    [new InvitationClosedError('x'), 409, 'invitation-closed'],
    [new OthersInvitationError('x'), 403, 'forbidden'],
    [new NotPermittedError('membership'), 403, 'forbidden'],
    [new IdempotencyKeyBusyError(), 409, 'idempotency-key-busy'],
    [new IdempotentCallMismatchError(), 422, 'idempotency-key-reused'],
    [new InvalidHeaderError('if-match', 'x'), 400, 'validation'],
    [new AlreadyExistsError('user', 'idx_users_email_lower'), 409, 'already-exists'],
    [new VersionConflictError(conflict), 409, 'version-conflict'],
    [new IdempotencyKeyReusedError('invoice', 'a'), 422, 'idempotency-key-reused'],
    [new InvalidAppendError({ reason: 'x' }, { cause: coded('22P02') }), 400, 'validation'],
    [new InvalidAppendError({ reason: 'x' }, { cause: coded('22P05') }), 400, 'text-not-storable'],
    [new ReferenceMissingError('membership', 'user_organizations_user_id_fkey'), 422, 'reference-missing'],
    [new InvalidCursorError('users'), 400, 'invalid-cursor'],
    [new InvalidLimitError(0), 400, 'invalid-limit'],
    [new ShuttingDownError(), 503, 'shutting-down'],
    [coded('22P05'), 400, 'text-not-storable'],
    [new BulkRowError('User', 1, 'email', 'nul-character'), 400, 'text-not-storable'],
    [new BulkRowError('User', 1, 'email', 'unreadable'), 500, 'internal'],
    [new Error('wrapped', { cause: coded('22021') }), 400, 'text-not-storable'],
    [coded('ECONNREFUSED'), 503, 'database-unavailable'],
    [retried(coded('ECONNREFUSED')), 503, 'database-unavailable'],
    [coded('POOL_EXHAUSTED'), 503, 'database-unavailable'],
    [new CircuitOpenError('CIRCUIT_OPEN', 'database', 4_000), 503, 'database-unavailable'],
    [coded('53300'), 503, 'database-unavailable'],
    [coded('40001'), 503, 'database-unavailable'],
    [coded('42P01'), 500, 'internal'],
    [new TypeError('secret'), 500, 'internal'],
    ['secret', 500, 'internal'],
    [undefined, 500, 'internal'],
  ])('maps %p to %d %s', (error, status, kind) => {
    expect(problemOf(error)).toMatchObject({ status, kind });
  });

  it('names the part of an append that is at fault', () => {
    expect(problemOf(new InvalidAppendError({ path: 'events.0.tags', reason: 'too many' }))).toMatchObject({
      detail: 'The append cannot be written: events.0.tags: too many.',
      errors: [{ path: 'body.events.0.tags', message: 'Too many' }],
    });
    expect(problemOf(new InvalidAppendError({ reason: 'too many' })).errors).toEqual([]);
  });

  it('tells whoever has lost an answer that a request with a key can be sent again', () => {
    const lost = new OutcomeUnknownError(coded('08006'));
    for (const error of [lost, new UnknownAppendError([], lost)]) {
      expect(problemOf(error)).toMatchObject({
        kind: 'outcome-unknown',
        detail: expect.stringContaining('With its idempotency key the same request can be sent again'),
      });
    }
    expect(problemOf(new UnknownAppendError(['a'], lost))).toMatchObject({ idempotencyKeys: ['a'] });
  });

  it('tells nothing of an error it does not know', () => {
    expect(JSON.stringify(problemOf(new Error('secret')))).not.toContain('secret');
    expect(JSON.stringify(problemOf(coded('ECONNREFUSED')))).not.toContain('secret');
  });

  it('names no field for an index it does not know', () => {
    expect(problemOf(new AlreadyExistsError('user', 'constructor')).errors).toEqual([]);
  });

  it('lets an error ask for a longer wait, rounded up to seconds', () => {
    const error = Object.assign(coded('ECONNREFUSED'), { retryAfterMs: 7_200 });
    expect(problemOf(error).retryAfterSeconds).toBe(8);
    expect(problemOf(new CircuitOpenError('CIRCUIT_OPEN', undefined, 4_100)).retryAfterSeconds).toBe(5);
  });
});
