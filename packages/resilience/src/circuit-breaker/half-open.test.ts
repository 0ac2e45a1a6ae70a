import { BulkheadRejectedError } from '../bulkhead/bulkhead-rejected-error';
import { fakeClock } from '../clock/fake-clock';
import { fail, holdCall, succeed, unavailable, withCode } from '../test/breaker-calls';
import type { CircuitBreakerOptions } from './breaker-options';
import { circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';

/** A breaker whose first break is over, so that the next call is a trial. */
async function createReadyToTry(options: CircuitBreakerOptions = {}) {
  const clock = fakeClock();
  const breaker = circuitBreaker({
    clock,
    tripRule: consecutiveFailures(1),
    breakMs: 100,
    maxBreakMs: 1_000,
    halfOpenPermits: 2,
    halfOpenMaxWaitMs: 50,
    ...options,
  });
  await fail(breaker);
  await clock.advance(100);
  return { clock, breaker };
}

describe('a break that is over', () => {
  it('reads open until the next call comes to try', async () => {
    const { clock, breaker } = await createReadyToTry();
    await clock.advance(86_400_000);
    expect(breaker.state).toBe('open');
    const trial = holdCall(breaker);
    expect(trial.isAdmitted).toBe(true);
    expect(breaker.state).toBe('half-open');
  });
});

describe('the permits of a half-open circuit', () => {
  it('are for those that run and those that have succeeded together', async () => {
    const { breaker } = await createReadyToTry({ halfOpenPermits: 3 });
    await succeed(breaker);
    const trials = [holdCall(breaker), holdCall(breaker)];
    const fourth = holdCall(breaker);
    expect(trials.map((trial) => trial.isAdmitted)).toEqual([true, true]);
    expect(fourth.isAdmitted).toBe(false);
    await trials[0]?.succeed();
    expect(breaker.state).toBe('half-open');
    expect(holdCall(breaker).isAdmitted).toBe(false);
    await trials[1]?.succeed();
    expect(breaker.state).toBe('closed');
  });

  it('close the circuit with the first success when there is one', async () => {
    const { breaker } = await createReadyToTry({ halfOpenPermits: 1 });
    const trial = holdCall(breaker);
    expect(holdCall(breaker).isAdmitted).toBe(false);
    await trial.succeed();
    expect(breaker.state).toBe('closed');
  });

  it('count an answer that is an error as a success', async () => {
    const { breaker } = await createReadyToTry();
    await fail(breaker, 2, () => withCode('23505'));
    expect(breaker.state).toBe('closed');
  });

  it('open the circuit with the first failure, though others succeeded and others run', async () => {
    const { breaker } = await createReadyToTry({ halfOpenPermits: 3 });
    await succeed(breaker);
    const [failing, other] = [holdCall(breaker), holdCall(breaker)];
    await failing.fail(unavailable());
    expect(breaker.state).toBe('open');
    await other.succeed();
    expect(breaker.state).toBe('open');
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 200 });
  });

  it('come back when a trial says nothing of the dependency', async () => {
    const { breaker } = await createReadyToTry({ halfOpenPermits: 1 });
    for (let call = 0; call < 5; call++) {
      const trial = holdCall(breaker);
      expect(trial.isAdmitted).toBe(true);
      expect(holdCall(breaker).isAdmitted).toBe(false);
      await trial.fail(new BulkheadRejectedError('BULKHEAD_FULL', undefined, 1, 0));
      expect(breaker.state).toBe('half-open');
    }
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });
});

describe('a half-open circuit with little traffic', () => {
  it('stays half-open while nobody calls, and closes when enough have succeeded', async () => {
    const { clock, breaker } = await createReadyToTry();
    await succeed(breaker);
    await clock.advance(86_400_000);
    expect(breaker.state).toBe('half-open');
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('holds a trial to its own time, not to that of one before it', async () => {
    const { clock, breaker } = await createReadyToTry({ halfOpenPermits: 3 });
    await succeed(breaker);
    await clock.advance(1_000);
    const trial = holdCall(breaker);
    await clock.advance(49);
    expect(holdCall(breaker).isAdmitted).toBe(true);
    expect(holdCall(breaker).isAdmitted).toBe(false);
    expect(breaker.state).toBe('half-open');
    await trial.succeed();
    expect(breaker.state).toBe('half-open');
  });
});

describe('the longest wait for a trial', () => {
  it('opens the circuit for twice as long when a call comes after it', async () => {
    const { clock, breaker } = await createReadyToTry();
    const hung = holdCall(breaker);
    await clock.advance(49);
    const second = holdCall(breaker);
    expect(second.isAdmitted).toBe(true);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
    await clock.advance(1);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 200 });
    expect(breaker.state).toBe('open');
    await hung.succeed();
    await second.succeed();
    expect(breaker.state).toBe('open');
  });

  it('is measured from the start of the oldest trial that still runs', async () => {
    const { clock, breaker } = await createReadyToTry({ halfOpenPermits: 3 });
    const first = holdCall(breaker);
    await clock.advance(40);
    const second = holdCall(breaker);
    await clock.advance(5);
    await first.succeed();
    await clock.advance(5);
    // 50 ms after the first trial, which has answered, and 10 ms after the second.
    const third = holdCall(breaker);
    expect(third.isAdmitted).toBe(true);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 40 });
    await third.succeed();
    await clock.advance(39);
    expect(breaker.state).toBe('half-open');
    await second.succeed();
    expect(breaker.state).toBe('closed');
  });

  it('forgets the right one of two trials when the younger ends first', async () => {
    const { clock, breaker } = await createReadyToTry({ halfOpenPermits: 3 });
    holdCall(breaker);
    await clock.advance(30);
    const younger = holdCall(breaker);
    await younger.succeed();
    const third = holdCall(breaker);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 20 });
    await clock.advance(20);
    await third.succeed();
    expect(breaker.state).toBe('open');
  });

  it('counts a trial that took too long as failed, though it succeeds and nobody called meanwhile', async () => {
    const late = await createReadyToTry({ halfOpenPermits: 1 });
    const lateTrial = holdCall(late.breaker);
    await late.clock.advance(50);
    await lateTrial.succeed();
    expect(late.breaker.state).toBe('open');
    expect(await fail(late.breaker)).toMatchObject({ retryAfterMs: 200 });

    const control = await createReadyToTry({ halfOpenPermits: 1 });
    const trial = holdCall(control.breaker);
    await control.clock.advance(49);
    await trial.succeed();
    expect(control.breaker.state).toBe('closed');
  });
});

describe('the length of a break', () => {
  it('doubles up to maxBreakMs, not beyond', async () => {
    const { clock, breaker } = await createReadyToTry({ maxBreakMs: 350 });
    const breaksMs: unknown[] = [];
    breaker.on('stateChange', ({ to, retryAfterMs }) => to === 'open' && breaksMs.push(retryAfterMs));
    for (let round = 0; round < 4; round++) {
      await fail(breaker);
      await clock.advance(350);
    }
    expect(breaksMs).toEqual([200, 350, 350, 350]);
  });

  it('stays the same when maxBreakMs equals breakMs', async () => {
    const { breaker } = await createReadyToTry({ maxBreakMs: 100 });
    await fail(breaker);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 100 });
  });

  it('may begin above the default of maxBreakMs, which then gives way', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, tripRule: consecutiveFailures(1), breakMs: 40_000 });
    await fail(breaker);
    await clock.advance(40_000);
    await fail(breaker);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 40_000 });
  });
});
