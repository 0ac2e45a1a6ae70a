import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { transactionRetry } from '../postgres/database-retry';
import { caught } from '../test/pipeline-outcome';
import { alwaysFailing, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import { retry } from './retry';
import { RetryError } from './retry-error';

const shape = { baseDelayMs: 100, jitter: false, retryableErrors: () => true } as const;

describe('retries in each other', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  const outer = () => retry({ ...shape, maxAttempts: 3, clock });
  const inner = () => retry({ ...shape, maxAttempts: 5, clock });

  it('make 5 calls in one pipeline, never 3 × 5', async () => {
    const subject = alwaysFailing();
    const policy = pipeline([outer(), inner()]);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(subject.calls).toBe(5);
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 5, totalDelayMs: 1500 });
    expect((error as RetryError).cause).toEqual(refused());
  });

  it('make 5 calls in pipelines that are parts of each other', async () => {
    const subject = alwaysFailing();
    const policy = pipeline([pipeline([outer()]), pipeline([pipeline([inner()])])]);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(subject.calls).toBe(5);
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 5 });
  });

  it.each<[string, (error: unknown) => unknown]>([
    ['untouched', (error) => error],
    ['as a cause', (error) => new Error('could not load', { cause: error })],
    ['as a cause of a cause', (error) => new Error('a', { cause: new Error('b', { cause: error }) })],
    ['among the errors of an aggregate', (error) => new AggregateError([new Error('other'), error])],
    ['as a driver error', (error) => Object.assign(new Error('query failed'), { driverError: error })],
    [
      'under a tag that says transient',
      (error) => Object.assign(new Error('x', { cause: error }), { transient: true }),
    ],
  ])('make 5 calls when the operation has a retry of its own and throws its error %s', async (_, wrap) => {
    const subject = alwaysFailing();
    const operation = () =>
      inner()
        .execute(subject.operation)
        .catch((error: unknown) => Promise.reject(wrap(error)));
    const error = await caught(clock.runUntilSettled(outer().execute(operation)));
    expect(subject.calls).toBe(5);
    expect(error).toEqual(
      wrap(new RetryError('RETRY_EXHAUSTED', { attempts: 5, totalDelayMs: 0, elapsedMs: 0 }, refused())),
    );
  });

  it('make 5 calls when the inner one is of another copy of this package', async () => {
    jest.resetModules();
    const copy = jest.requireActual<typeof import('./retry')>('./retry');
    const subject = alwaysFailing();
    const operation = () => copy.retry({ ...shape, maxAttempts: 5, clock }).execute(subject.operation);
    const error = await caught(clock.runUntilSettled(outer().execute(operation)));
    expect(error).not.toBeInstanceOf(RetryError);
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 5 });
    expect(subject.calls).toBe(5);
  });

  it('make 3 calls when the inner one does not retry: the outer one is in force', async () => {
    const subject = alwaysFailing(() => new Error('a bug'));
    const policy = pipeline([outer(), retry({ maxAttempts: 5, clock })]);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(subject.calls).toBe(3);
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 3 });
  });

  it('each count the calls of their own: what the inner one handles is one attempt of the outer', async () => {
    const [outermost, innermost] = [outer(), retry({ maxAttempts: 5, jitter: false, clock })];
    const [outerEvents, innerEvents] = [recordRetryEvents(outermost), recordRetryEvents(innermost)];
    const seen: number[] = [];
    const subject = failingWith(new Error('only for the outer'), refused());
    const policy = pipeline([outermost, innermost]);
    const call = policy.execute(({ attempt }) => {
      seen.push(attempt);
      return subject.operation();
    });
    await expect(clock.runUntilSettled(call)).resolves.toBe('done');
    expect(outerEvents.map(({ name }) => name)).toEqual(['attempt', 'retry', 'attempt', 'successAfterRetry']);
    expect(innerEvents.map(({ name }) => name)).toEqual([
      ...['attempt', 'attempt', 'retry', 'attempt', 'successAfterRetry'],
    ]);
    // The nearest retry counts, and begins anew for each run around it.
    expect(seen).toEqual([1, 1, 2]);
  });

  it('are told apart from failures behind which there is no retry', async () => {
    const subject = failingWith(
      new AggregateError([refused(), refused()]),
      new Error('x', { cause: refused() }),
    );
    await expect(clock.runUntilSettled(outer().execute(subject.operation))).resolves.toBe('done');
    expect(subject.calls).toBe(3);
  });

  it('do not grant a transaction again what a retry inside it has used up', async () => {
    const subject = alwaysFailing();
    const operation = () => inner().execute(subject.operation);
    const error = await caught(clock.runUntilSettled(transactionRetry({ clock }).execute(operation)));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 5 });
    expect(subject.calls).toBe(5);
  });
});
