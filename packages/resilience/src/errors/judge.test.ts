import { judge, PredicateError } from './judge';

describe('the judgement of a failure', () => {
  const failure = new Error('of the operation');

  it('is what the function answers when it is asked about the failure', () => {
    const asked: unknown[] = [];
    const answer = judge('isFailure', failure, (error) => {
      asked.push(error);
      return 'answer';
    });
    expect(answer).toBe('answer');
    expect(asked).toEqual([failure]);
  });

  it.each([new TypeError('a bug'), 'a text', undefined])('keeps both errors when it throws %p', (thrown) => {
    let error: unknown;
    try {
      judge('isFailure', failure, () => {
        throw thrown;
      });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PredicateError);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      name: 'PredicateError',
      code: 'PREDICATE_FAILED',
      option: 'isFailure',
      message: 'isFailure threw while it judged a failure',
    });
    const { errors, cause, failure: judged } = error as PredicateError;
    expect(errors).toEqual([thrown, failure]);
    expect(cause).toBe(thrown);
    expect(judged).toBe(failure);
  });
});
