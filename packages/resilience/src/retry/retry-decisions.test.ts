import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { PredicateError } from '../errors/judge';
import { databaseRetry, transactionRetry } from '../postgres/database-retry';
import { recordLines } from '../test/breaker-calls';
import { caught, watch } from '../test/pipeline-outcome';
import { alwaysFailing, countCalls, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import type { Backoff } from './backoff';
import { retry } from './retry';
import type { RetryOptions } from './retry-options';

const sqlError = (code: string) => Object.assign(new Error(code), { code, severity: 'ERROR' });

let clock: FakeClock;
beforeEach(() => {
  clock = fakeClock();
});

describe.each([
  { name: 'databaseRetry', create: databaseRetry },
  { name: 'transactionRetry', create: transactionRetry },
])('$name decides', ({ create }) => {
  const shape = { maxAttempts: 5, baseDelayMs: 100, maxDelayMs: 800, jitter: false } as const;

  it('grants one retry for what a second one cannot mend, and then gives up', async () => {
    const policy = create({ ...shape, clock });
    const events = recordRetryEvents(policy);
    const [first, second] = [sqlError('26000'), sqlError('26000')];
    const subject = failingWith(first, second);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 2, cause: second });
    expect(subject.calls).toBe(2);
    expect(events.at(-1)).toMatchObject({ name: 'giveUp', reason: 'exhausted', attempt: 2 });
  });

  it('counts that one retry for each call, whatever other failures lie between', async () => {
    const policy = create({ ...shape, clock });
    const last = sqlError('26000');
    const subject = failingWith(sqlError('26000'), sqlError('57P03'), last);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 3, cause: last });
    expect(subject.calls).toBe(3);
  });

  it('goes on with other failures when the one retry is used', async () => {
    const policy = create({ ...shape, clock });
    const subject = failingWith(sqlError('26000'), sqlError('57P03'), sqlError('57P03'));
    await expect(clock.runUntilSettled(policy.execute(subject.operation))).resolves.toBe('done');
    expect(clock.nowMs()).toBe(100 + 200 + 400);
  });

  it('waits near the maximum, from the start, for what needs time', async () => {
    const policy = create({ ...shape, clock });
    await clock.runUntilSettled(policy.execute(failingWith(sqlError('53200'), sqlError('53200')).operation));
    expect(clock.nowMs()).toBe(800 + 800);
  });

  it('waits by its backoff for what does not', async () => {
    const policy = create({ ...shape, clock });
    await clock.runUntilSettled(policy.execute(failingWith(sqlError('57P03'), sqlError('57P03')).operation));
    expect(clock.nowMs()).toBe(100 + 200);
  });

  it('grants one slow retry for a full disk', async () => {
    const policy = create({ ...shape, clock });
    const subject = alwaysFailing(() => sqlError('53100'));
    expect(await caught(clock.runUntilSettled(policy.execute(subject.operation)))).toMatchObject({
      code: 'RETRY_EXHAUSTED',
      cause: { code: '53100' },
    });
    expect(subject.calls).toBe(2);
    expect(clock.nowMs()).toBe(800);
  });

  it('retries what the caller adds, in addition to what it knows', async () => {
    const policy = create({ ...shape, clock, retryableErrors: (error) => error instanceof RangeError });
    const subject = failingWith(new RangeError(), sqlError('57P03'));
    await expect(clock.runUntilSettled(policy.execute(subject.operation))).resolves.toBe('done');
  });
});

describe('a function of the caller that throws', () => {
  const broken = new TypeError('cannot read properties of undefined');
  const throwBroken = (): never => {
    throw broken;
  };
  const cases: readonly [string, string, RetryOptions][] = [
    ['a predicate', 'retryableErrors', { retryableErrors: throwBroken }],
    ['a random source', 'backoff', { random: throwBroken, retryableErrors: () => true }],
    [
      'a backoff',
      'backoff',
      { backoff: { drawDelayMs: throwBroken, drawSlowDelayMs: throwBroken }, retryableErrors: () => true },
    ],
  ];

  it.each(cases)('%s rejects the call with its own error and the failure', async (_, option, options) => {
    const policy = retry({ ...options, clock });
    const failure = new Error('of the operation');
    const subject = failingWith(failure, failure);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(error).toBeInstanceOf(PredicateError);
    expect(error).toMatchObject({ name: 'PredicateError', code: 'PREDICATE_FAILED', option });
    expect((error as PredicateError).errors).toEqual([broken, failure]);
    expect((error as PredicateError).cause).toBe(broken);
    expect((error as PredicateError).failure).toBe(failure);
    expect(subject.calls).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    // The policy has taken no harm.
    await expect(policy.execute(() => 'done')).resolves.toBe('done');
  });

  it('is not asked about what is known to be transient', async () => {
    const subject = failingWith(refused());
    const call = retry({ clock, retryableErrors: throwBroken }).execute(subject.operation);
    await expect(clock.runUntilSettled(call)).resolves.toBe('done');
  });

  it.each([Number.NaN, -1, undefined, 'soon'])('is a backoff that draws %p', async (drawn) => {
    const draw = () => drawn as number;
    const policy = retry({ backoff: { drawDelayMs: draw, drawSlowDelayMs: draw }, clock });
    const failure = refused();
    const error = await caught(clock.runUntilSettled(policy.execute(failingWith(failure).operation)));
    expect(error).toMatchObject({ code: 'PREDICATE_FAILED', option: 'backoff', failure });
    expect((error as PredicateError).cause).toEqual(
      new RangeError(`a backoff drew ${drawn} instead of milliseconds`),
    );
  });

  it('is not a backoff that draws 0', async () => {
    const backoff: Backoff = { drawDelayMs: () => 0, drawSlowDelayMs: () => 0 };
    const call = retry({ backoff, clock }).execute(failingWith(refused(), refused()).operation);
    await expect(clock.runUntilSettled(call)).resolves.toBe('done');
    expect(clock.nowMs()).toBe(0);
  });
});

describe('a clock that throws', () => {
  it('fails the call with its error: nothing stays pending', async () => {
    const broken = new Error('no timer is left');
    const schedule = (): never => {
      throw broken;
    };
    const policy = retry({ clock: { nowMs: () => 0, schedule } });
    expect(await caught(policy.execute(failingWith(refused()).operation))).toBe(broken);
    await expect(policy.execute(() => 'done')).resolves.toBe('done');
  });
});

describe('an error that cannot be looked at', () => {
  it.each([false, true])('is handed on, and no call hangs: retried is %p', async (isRetriable) => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
    revoke();
    const { logger, lines } = recordLines();
    const policy = retry({ maxAttempts: 2, retryableErrors: () => isRetriable, logger, clock });
    const outcome = watch(policy.execute(failingWith(proxy, proxy).operation));
    await clock.advance(100_000);
    expect(outcome.state).toBe('rejected');
    expect(lines.map(({ fields }) => fields.code)).toEqual(isRetriable ? ['object', 'object'] : []);
  });
});

describe('a predicate of the caller', () => {
  it.each([1, 'yes', {}, Promise.resolve(true)])('must answer true: %p is not enough', async (answer) => {
    const retryableErrors = (() => answer) as unknown as (error: unknown) => boolean;
    const subject = countCalls(() => Promise.reject(new Error('a bug')));
    await caught(clock.runUntilSettled(retry({ retryableErrors, clock }).execute(subject.operation)));
    expect(subject.calls).toBe(1);
  });

  it('is asked about the error itself', async () => {
    const asked: unknown[] = [];
    const failure = new Error('outer', { cause: new Error('inner') });
    const retryableErrors = (error: unknown) => {
      asked.push(error);
      return false;
    };
    await caught(
      clock.runUntilSettled(retry({ retryableErrors, clock }).execute(() => Promise.reject(failure))),
    );
    expect(asked).toEqual([failure]);
    expect(asked[0]).toBe(failure);
  });
});

describe('a backoff of the caller', () => {
  it('is told which retry it is for, the wait before, and the source of randomness', async () => {
    const told: unknown[] = [];
    const random = () => 0.25;
    const backoff: Backoff = {
      drawDelayMs(retryNumber, previousDelayMs, source) {
        told.push([retryNumber, previousDelayMs, source === random]);
        return 10 * retryNumber;
      },
      drawSlowDelayMs: () => 0,
    };
    const hinted = Object.assign(refused(), { retryAfterMs: 70 });
    const policy = retry({ backoff, random, clock });
    await clock.runUntilSettled(policy.execute(failingWith(refused(), hinted, refused()).operation));
    expect(told).toEqual([
      [1, undefined, true],
      [2, 10, true],
      [3, 70, true],
    ]);
    expect(clock.nowMs()).toBe(10 + 70 + 30);

    told.length = 0;
    await clock.runUntilSettled(policy.execute(failingWith(refused()).operation));
    expect(told).toEqual([[1, undefined, true]]);
  });
});
