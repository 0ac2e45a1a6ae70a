import { bulkhead } from '../bulkhead/bulkhead';
import { fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { fail, holdCall, succeed, unavailable, withCode } from '../test/breaker-calls';
import type { CircuitBreakerOptions } from './breaker-options';
import { circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';
import { countWindow } from './count-window';
import { timeWindow } from './time-window';

/** Faults of circuit breakers that are in use today: what they count, and what counting costs. */

function create(options: CircuitBreakerOptions = {}) {
  const clock = fakeClock();
  const breaker = circuitBreaker({
    clock,
    tripRule: consecutiveFailures(3),
    breakMs: 100,
    halfOpenPermits: 2,
    halfOpenMaxWaitMs: 50,
    ...options,
  });
  return { clock, breaker };
}

describe('refusals for lack of capacity further in', () => {
  async function callBeside(slots: number, createError: () => unknown) {
    const { clock, breaker } = create();
    const policy = pipeline([breaker, bulkhead({ clock, maxConcurrent: slots })]);
    holdCall(policy);
    await fail(policy, 50, createError);
    return breaker.state;
  }

  it('do not count as failures of the dependency', async () => {
    expect(await callBeside(1, unavailable)).toBe('closed');
  });

  it('control: with a slot to spare the same calls fail, and open the circuit', async () => {
    expect(await callBeside(2, unavailable)).toBe('open');
  });
});

describe('a refusal further in that was retried in vain', () => {
  it('is no answer of the dependency: the trial says nothing', async () => {
    const { clock, breaker } = create({ halfOpenPermits: 1 });
    const slots = bulkhead({ clock, maxConcurrent: 1 });
    const again = retry({ clock, maxAttempts: 2, backoff: constant(1), retryableErrors: ['BULKHEAD_FULL'] });
    const policy = pipeline([breaker, again, slots]);
    await fail(breaker, 3);
    await clock.advance(100);
    holdCall(slots);
    await clock.runUntilSettled(policy.execute(() => 'never run')).catch(() => {});
    expect(breaker.state).toBe('half-open');
    // Control: a trial that reaches the dependency closes the circuit.
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });
});

describe('answers that are errors', () => {
  it.each([
    ['a unique violation', '23505'],
    ['a serialization failure', '40001'],
    ['a deadlock', '40P01'],
  ])('%s is no failure of the dependency, a trial with it is a success', async (_, code) => {
    const { clock, breaker } = create();
    await fail(breaker, 100, () => withCode(code));
    expect(breaker.state).toBe('closed');
    await fail(breaker, 3);
    await clock.advance(100);
    await fail(breaker, 2, () => withCode(code));
    expect(breaker.state).toBe('closed');
  });

  it('control: a connection that is refused is', async () => {
    const { breaker } = create();
    await fail(breaker, 3, () => withCode('ECONNREFUSED'));
    expect(breaker.state).toBe('open');
  });
});

describe('what the caller ended', () => {
  it('by an abort does not count, though the connection breaks in consequence', async () => {
    const { breaker } = create();
    for (let call = 0; call < 50; call++) {
      const caller = new AbortController();
      const held = holdCall(breaker, { signal: caller.signal });
      caller.abort(new Error('the user left'));
      await held.fail(withCode('ECONNRESET'));
    }
    expect(breaker.state).toBe('closed');
  });

  it('by a deadline does not count', async () => {
    const { clock, breaker } = create();
    for (let call = 0; call < 50; call++) {
      const held = holdCall(breaker, { deadline: 10 });
      await clock.advance(10);
      await held.fail(withCode('ECONNRESET'));
    }
    expect(breaker.state).toBe('closed');
  });

  it('leaves the permit of a trial to the next', async () => {
    const { clock, breaker } = create({ halfOpenPermits: 1 });
    await fail(breaker, 3);
    await clock.advance(100);
    const caller = new AbortController();
    const trial = holdCall(breaker, { signal: caller.signal });
    caller.abort(new Error('the user left'));
    await trial.fail(caller.signal.reason);
    expect(breaker.state).toBe('half-open');
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('control: the same failures under a signal and a deadline that have not ended open the circuit', async () => {
    const { clock, breaker } = create();
    for (let call = 0; call < 3; call++) {
      const held = holdCall(breaker, { signal: new AbortController().signal, deadline: 10 });
      await clock.advance(9);
      await held.fail(withCode('ECONNRESET'));
    }
    expect(breaker.state).toBe('open');
  });
});

describe('the cost of a failure', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** One error for many calls: a stack trace for each would be most of the test. */
  const connectionLost = withCode('ECONNRESET');

  it.each([
    ['timeWindow', 30, timeWindow({ minimumThroughput: 1e9 })],
    ['countWindow', 50, countWindow({ size: 50, failureRatio: 1 })],
    ['consecutiveFailures', 1, consecutiveFailures(2)],
  ])(
    'does not grow with the calls before it: of 10 000, %s keeps %d numbers and sorts nothing',
    async (...rule) => {
      const [, kept, tripRule] = rule;
      const { breaker } = create({ tripRule, slowCallMs: 1 });
      const sort = jest.spyOn(Array.prototype, 'sort');
      const toSorted = jest.spyOn(Array.prototype, 'toSorted');
      for (let pair = 0; pair < 5000; pair++) {
        await succeed(breaker);
        await fail(breaker, 1, () => connectionLost);
      }
      expect([sort.mock.calls.length, toSorted.mock.calls.length]).toEqual([0, 0]);
      expect(breaker.exportState()).toMatchObject({ state: 'closed', tally: { counts: { length: kept } } });
    },
  );

  it('control: the failures were counted all the same', async () => {
    const { breaker } = create({ tripRule: timeWindow({ minimumThroughput: 1e9 }) });
    await fail(breaker, 10_000, () => connectionLost);
    expect(breaker.exportState()).toMatchObject({
      state: 'closed',
      tally: { counts: [10_000, 10_000, 0, ...new Array(27).fill(0)] },
    });
  });
});
