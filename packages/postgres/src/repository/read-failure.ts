import { InvalidOptionError } from '@holdfast/resilience';
import { QueryFailedError } from 'typeorm';
import { RowMismatchError } from '../query/row-mismatch-error';
import { AnswerMismatchError } from './answer-mismatch-error';

/** What a reader has to say of an answer: nothing has failed that the server did. */
const OF_READERS = [AnswerMismatchError, RowMismatchError, InvalidOptionError];

/** A failure as TypeORM's driver tells it, without parameters. What its reader has to say of an answer stays as it is. */
export function describeReadFailure(text: string, error: unknown): Error {
  const isOfReader = OF_READERS.some((kind) => error instanceof kind);
  return isOfReader ? (error as Error) : new QueryFailedError(text, [], error as Error);
}
