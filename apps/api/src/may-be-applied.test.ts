import { VersionConflictError } from '@holdfast/db';
import { ConnectionLostError } from '@holdfast/postgres';
import { DeadlineExceededError } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import { QueryFailedError } from 'typeorm';
import { mayBeApplied } from './may-be-applied';

const failed = (cause: Error) => new QueryFailedError('insert', [], cause);
const answered = (code: string, severity = 'ERROR') =>
  failed(Object.assign(new Error('refused'), { code, severity }));
const lost = (code: string) => new ConnectionLostError(code, undefined);

describe('mayBeApplied', () => {
  it.each([
    ['a connection that was reset', failed(lost('ECONNRESET'))],
    ['a connection that broke for a reason nobody knows', failed(lost('ERR_SSL_BAD_RECORD_TYPE'))],
    ['a connection that this side closed under the statement', failed(lost('POOL_CLOSED'))],
    ['a server that ended the session', answered('57P01', 'FATAL')],
    ['an answer that cannot be read', failed(new TypeError('no such field'))],
  ])('cannot exclude it after %s', (_name, error) => {
    expect(mayBeApplied(error)).toBe(true);
  });

  it.each([
    ['a connection that was lost before', failed(tagPhase(lost('ECONNRESET'), 'acquire'))],
    ['a closed connection that nothing was sent on', failed(tagPhase(lost('POOL_CLOSED'), 'acquire'))],
    ['a statement that was cancelled', answered('57014')],
    ['a violated constraint', answered('23505')],
    ['a table that does not exist', answered('42P01')],
    ['a statement that was held back at the deadline', failed(new DeadlineExceededError())],
    [
      'a refusal by the work itself',
      new VersionConflictError({ aggregateType: 'invoice', aggregateId: 'a', expectedVersion: 1 }),
    ],
    ['work that has sent nothing', new TypeError('no such field')],
  ])('excludes it after %s', (_name, error) => {
    expect(mayBeApplied(error)).toBe(false);
  });
});
