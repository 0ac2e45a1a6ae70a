import { QueryFailedError } from 'typeorm';
import { AnswerMismatchError } from './answer-mismatch-error';

/** A failure as TypeORM's driver tells it, without parameters. What its reader has to say of an answer stays as it is. */
export function describeReadFailure(text: string, error: unknown): Error {
  // Nothing has failed that the server did.
  return error instanceof AnswerMismatchError ? error : new QueryFailedError(text, [], error as Error);
}
