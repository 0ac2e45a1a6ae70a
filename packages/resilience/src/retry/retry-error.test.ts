import { isRetried, RetryError } from './retry-error';

describe('a RetryError', () => {
  const cause = new Error('the last failure');

  it.each([
    ['RETRY_EXHAUSTED', 3, 'Gave up after 3 attempts: no attempt is left'],
    ['RETRY_DEADLINE', 1, 'Gave up after 1 attempt: the deadline leaves no time for another'],
    ['RETRY_BUDGET', 2, 'Gave up after 2 attempts: the retry budget is spent'],
  ] as const)('with code %s says what was missing', (code, attempts, message) => {
    const error = new RetryError(code, { attempts, totalDelayMs: 10, elapsedMs: 20 }, cause);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(message);
    expect({ ...error }).toEqual({ name: 'RetryError', code, attempts, totalDelayMs: 10, elapsedMs: 20 });
    expect(error.cause).toBe(cause);
  });

  it('says nothing of its cause in its message, which may go into a log', () => {
    const facts = { attempts: 1, totalDelayMs: 0, elapsedMs: 0 };
    expect(new RetryError('RETRY_EXHAUSTED', facts, cause).message).not.toContain(cause.message);
  });

  it('is known for one, wherever in an error it stands, and by nobody else', () => {
    const error = new RetryError('RETRY_BUDGET', { attempts: 1, totalDelayMs: 0, elapsedMs: 0 }, cause);
    expect(isRetried(error)).toBe(true);
    expect(isRetried(new Error('x', { cause: new AggregateError([cause, error]) }))).toBe(true);
    expect(Object.keys(error)).not.toContain('retried');
    for (const other of [cause, { code: 'RETRY_BUDGET' }, { name: 'RetryError' }, 'text', undefined])
      expect(isRetried(other)).toBe(false);
  });
});
