import { bulkhead } from '../bulkhead/bulkhead';
import { fakeClock } from '../clock/fake-clock';
import { PredicateError } from '../errors/judge';
import { pipeline } from '../pipeline/pipeline';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { fail, holdCall, rejectionOf, unavailable, withCode } from '../test/breaker-calls';
import { timeout } from '../timeout/timeout';
import { TimeoutError } from '../timeout/timeout-error';
import type { CircuitBreakerOptions } from './breaker-options';
import { type CircuitBreakerPolicy, circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';
import { countWindow } from './count-window';

const FAILURE = 1;
const SUCCESS = 0;

/** A breaker that remembers each of its calls. */
function create(options: CircuitBreakerOptions = {}) {
  const clock = fakeClock();
  const tripRule = countWindow({ size: 100, minimumThroughput: 100 });
  return { clock, breaker: circuitBreaker({ clock, tripRule, ...options }) };
}

function countsOf(breaker: CircuitBreakerPolicy): readonly number[] {
  const snapshot = breaker.exportState();
  if (snapshot.state !== 'closed') throw new Error(`The circuit is ${snapshot.state}`);
  return snapshot.tally.counts;
}

describe('what a call says of the dependency', () => {
  it('is a failure when it could not be reached, and a success when it answered, if by an error', async () => {
    const { breaker } = create();
    await fail(breaker, 1, unavailable);
    await fail(breaker, 1, () => withCode('23505'));
    await fail(breaker, 1, () => 'a text that was thrown');
    await breaker.execute(() => 'done');
    expect(countsOf(breaker)).toEqual([FAILURE, SUCCESS, SUCCESS, SUCCESS]);
  });

  it('is a failure when the operation throws at once', async () => {
    const { breaker } = create();
    const error = unavailable();
    const operation = () => {
      throw error;
    };
    expect(await rejectionOf(breaker.execute(operation))).toBe(error);
    expect(countsOf(breaker)).toEqual([FAILURE]);
  });

  it('is a failure when a timeout further in ran out', async () => {
    const { clock, breaker } = create();
    const policy = pipeline([breaker, timeout({ clock, timeoutMs: 100 })]);
    const call = holdCall(policy);
    await clock.advance(100);
    expect(await call.error).toBeInstanceOf(TimeoutError);
    expect(countsOf(breaker)).toEqual([FAILURE]);
  });

  it('is a failure when a timeout further out ran out, once the work has ended', async () => {
    const { clock, breaker } = create();
    const policy = pipeline([timeout({ clock, timeoutMs: 100, mode: 'cooperate' }), breaker]);
    const call = holdCall(policy);
    await clock.advance(100);
    expect(countsOf(breaker)).toEqual([]);
    await call.fail(new Error('stopped'));
    expect(countsOf(breaker)).toEqual([FAILURE]);
  });

  it('is a success when it came in time for nobody: the dependency did answer', async () => {
    const { clock, breaker } = create();
    const policy = pipeline([timeout({ clock, timeoutMs: 100 }), breaker]);
    const call = holdCall(policy);
    await clock.advance(100);
    expect(await call.error).toBeInstanceOf(TimeoutError);
    await call.succeed();
    expect(countsOf(breaker)).toEqual([SUCCESS]);
  });

  it('is one failure for a retry further in, however often that tried', async () => {
    const { clock, breaker } = create();
    const policy = pipeline([breaker, retry({ clock, maxAttempts: 3, backoff: constant(10) })]);
    let runs = 0;
    const call = policy.execute(() => {
      runs += 1;
      throw unavailable();
    });
    await clock.runUntilSettled(rejectionOf(call));
    expect(runs).toBe(3);
    expect(countsOf(breaker)).toEqual([FAILURE]);
  });

  it('is a failure for each attempt of a retry further out', async () => {
    const { clock, breaker } = create();
    const policy = pipeline([retry({ clock, maxAttempts: 3, backoff: constant(10) }), breaker]);
    await clock.runUntilSettled(rejectionOf(policy.execute(() => Promise.reject(unavailable()))));
    expect(countsOf(breaker)).toEqual([FAILURE, FAILURE, FAILURE]);
  });

  it('is nothing when a caller left', async () => {
    const { breaker } = create();
    const caller = new AbortController();
    const call = holdCall(breaker, { signal: caller.signal });
    caller.abort(new Error('gone'));
    await call.fail(unavailable());
    expect(countsOf(breaker)).toEqual([]);
  });

  it('is nothing when a caller left before the operation was run', async () => {
    const { breaker } = create();
    expect(holdCall(breaker, { signal: AbortSignal.abort(new Error('gone')) }).isAdmitted).toBe(false);
    expect(countsOf(breaker)).toEqual([]);
  });

  it('is a success when the operation succeeded though the caller had left', async () => {
    const { breaker } = create();
    const caller = new AbortController();
    const call = holdCall(breaker, { signal: caller.signal });
    caller.abort(new Error('gone'));
    expect(await call.succeed()).toBeUndefined();
    expect(countsOf(breaker)).toEqual([SUCCESS]);
  });

  it('is nothing when a policy further in refused the call', async () => {
    const { clock, breaker } = create();
    const policy = pipeline([breaker, bulkhead({ clock, maxConcurrent: 1 })]);
    const holder = holdCall(policy);
    expect(await fail(policy)).toMatchObject({ code: 'BULKHEAD_FULL' });
    expect(countsOf(breaker)).toEqual([]);
    await holder.succeed();
    expect(countsOf(breaker)).toEqual([SUCCESS]);
  });
});

describe('isFailure', () => {
  it('decides alone which errors count', async () => {
    const { breaker } = create({ isFailure: (error) => error === 'down' });
    await fail(breaker, 1, () => 'down');
    await fail(breaker, 1, unavailable);
    expect(countsOf(breaker)).toEqual([FAILURE, SUCCESS]);
  });

  it('is not asked about successes, refusals and what was cut short from outside', async () => {
    const asked: unknown[] = [];
    const { clock, breaker } = create({ isFailure: (error) => asked.push(error) > 0 });
    const policy = pipeline([breaker, bulkhead({ clock, maxConcurrent: 1 })]);
    const caller = new AbortController();
    const holder = holdCall(policy, { signal: caller.signal });
    await fail(policy);
    caller.abort(new Error('gone'));
    await holder.fail(unavailable());
    await policy.execute(() => 'done');
    expect(asked).toEqual([]);
    const error = unavailable();
    await fail(policy, 1, () => error);
    expect(asked).toEqual([error]);
  });

  describe('that throws', () => {
    const bug = new TypeError('undefined is not a function');
    const isFailure = (error: unknown) => {
      if ((error as { code?: unknown }).code === 'ECONNREFUSED') return true;
      throw bug;
    };

    it('rejects with both errors, and counts nothing', async () => {
      const { breaker } = create({ isFailure });
      const failure = new Error('what the operation said');
      const error = await fail(breaker, 1, () => failure);
      expect(error).toBeInstanceOf(PredicateError);
      expect(error).toMatchObject({
        code: 'PREDICATE_FAILED',
        option: 'isFailure',
        failure,
        cause: bug,
        errors: [bug, failure],
      });
      expect(countsOf(breaker)).toEqual([]);
    });

    it('gives the permit of a half-open circuit back', async () => {
      const { clock, breaker } = create({
        isFailure,
        tripRule: consecutiveFailures(1),
        breakMs: 10,
        halfOpenPermits: 1,
      });
      await fail(breaker);
      await clock.advance(10);
      expect(await fail(breaker, 1, () => new Error('x'))).toBeInstanceOf(PredicateError);
      expect(breaker.state).toBe('half-open');
      await breaker.execute(() => 'done');
      expect(breaker.state).toBe('closed');
    });
  });
});
