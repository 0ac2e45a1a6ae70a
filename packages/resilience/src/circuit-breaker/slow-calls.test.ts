import { BulkheadRejectedError } from '../bulkhead/bulkhead-rejected-error';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { fail, holdCall, succeed, unavailable, withCode } from '../test/breaker-calls';
import { type CircuitBreakerPolicy, circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';
import { countWindow } from './count-window';

const NOTHING = Symbol('the call succeeds');

/** Makes a call that takes so long, and ends with the error or with a success. */
async function callFor(
  breaker: CircuitBreakerPolicy,
  clock: FakeClock,
  durationMs: number,
  error: unknown = NOTHING,
): Promise<void> {
  const call = holdCall(breaker);
  await clock.advance(durationMs);
  if (error === NOTHING) await call.succeed();
  else await call.fail(error);
}

function create(slowCallRatio: number | undefined = 0.5) {
  const clock = fakeClock();
  const breaker = circuitBreaker({
    clock,
    slowCallMs: 100,
    slowCallRatio,
    minimumThroughput: 4,
    windowMs: 100_000,
    breakMs: 10,
    halfOpenPermits: 1,
  });
  return { clock, breaker };
}

describe('calls that succeed slowly', () => {
  it('open the circuit at their ratio', async () => {
    const { clock, breaker } = create();
    await callFor(breaker, clock, 100);
    await succeed(breaker, 2);
    expect(breaker.state).toBe('closed');
    await callFor(breaker, clock, 100);
    expect(breaker.state).toBe('open');
  });

  it('are slow from slowCallMs on, not a millisecond earlier', async () => {
    const { clock, breaker } = create();
    for (let call = 0; call < 10; call++) await callFor(breaker, clock, 99);
    expect(breaker.state).toBe('closed');
  });

  it('leave the circuit closed below their ratio', async () => {
    const { clock, breaker } = create(0.6);
    await succeed(breaker, 2);
    await callFor(breaker, clock, 100);
    await callFor(breaker, clock, 100);
    expect(breaker.state).toBe('closed');
    await callFor(breaker, clock, 100);
    expect(breaker.state).toBe('open');
  });

  it('never open the circuit alone when no ratio is set', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, slowCallMs: 100, minimumThroughput: 2 });
    for (let call = 0; call < 10; call++) await callFor(breaker, clock, 1_000);
    expect(breaker.state).toBe('closed');
  });

  it('are not even measured when slowCallMs is left out', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({
      clock,
      tripRule: countWindow({ size: 2, slowCallRatio: 0.5, minimumThroughput: 1 }),
    });
    await callFor(breaker, clock, 1_000_000);
    expect(breaker.state).toBe('closed');
  });

  it('break a row of failures', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, slowCallMs: 100, tripRule: consecutiveFailures(2) });
    await fail(breaker);
    await callFor(breaker, clock, 500);
    await fail(breaker);
    expect(breaker.state).toBe('closed');
  });
});

describe('calls that fail slowly', () => {
  it('count as failures and as slow ones', async () => {
    const { clock, breaker } = create();
    await callFor(breaker, clock, 100, unavailable());
    expect(breaker.exportState()).toEqual({
      state: 'closed',
      tally: { rule: 'timeWindow', counts: [1, 1, 1, ...new Array(27).fill(0)] },
    });
  });

  it('count as slow when the error is an answer, and as nothing when they were refused', async () => {
    const { clock, breaker } = create();
    await callFor(breaker, clock, 100, withCode('23505'));
    await callFor(breaker, clock, 100, new BulkheadRejectedError('BULKHEAD_FULL', undefined, 1, 0));
    expect(breaker.exportState()).toMatchObject({
      tally: { counts: [1, 0, 1, ...new Array(27).fill(0)] },
    });
  });

  it('that the caller aborted count as slow when they were overdue by then, and else as nothing', async () => {
    const { clock, breaker } = create();
    for (const durationMs of [99, 100]) {
      const caller = new AbortController();
      const call = holdCall(breaker, { signal: caller.signal });
      await clock.advance(durationMs);
      caller.abort(new Error('gone'));
      await call.fail(caller.signal.reason);
    }
    expect(breaker.exportState()).toMatchObject({
      tally: { counts: [1, 0, 1, ...new Array(27).fill(0)] },
    });
  });
});

describe('a slow trial', () => {
  it('opens the circuit again', async () => {
    const { clock, breaker } = create(undefined);
    await fail(breaker, 4);
    await clock.advance(10);
    await callFor(breaker, clock, 100);
    expect(breaker.state).toBe('open');
  });

  it('closes it when it was just quick enough', async () => {
    const { clock, breaker } = create(undefined);
    await fail(breaker, 4);
    await clock.advance(10);
    await callFor(breaker, clock, 99);
    expect(breaker.state).toBe('closed');
  });
});
