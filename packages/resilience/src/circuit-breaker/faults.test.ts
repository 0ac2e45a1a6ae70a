import { fakeClock } from '../clock/fake-clock';
import { fail, holdCall, succeed, unavailable } from '../test/breaker-calls';
import type { CircuitBreakerOptions } from './breaker-options';
import { circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';
import { timeWindow } from './time-window';

/**
 * Faults of circuit breakers that are in use today; those about what counts are in counting-faults.test.ts. Each has a test of the fault and a control beside it, which shows
 * that the breaker does what it is for where the fault is not.
 */

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

describe('a late failure from before the break', () => {
  it('does not reopen a half-open circuit', async () => {
    const { clock, breaker } = create();
    const early = holdCall(breaker);
    await fail(breaker, 3);
    await clock.advance(100);
    await succeed(breaker);
    await early.fail(unavailable());
    expect(breaker.state).toBe('half-open');
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('control: a failure of a trial does', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 3);
    await clock.advance(100);
    await succeed(breaker);
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('does not count against a circuit that has closed again', async () => {
    const { clock, breaker } = create();
    const early = [holdCall(breaker), holdCall(breaker), holdCall(breaker)];
    await fail(breaker, 3);
    await clock.advance(100);
    await succeed(breaker, 2);
    for (const call of early) await call.fail(unavailable());
    expect(breaker.state).toBe('closed');
  });

  it('does not lengthen the break', async () => {
    const { clock, breaker } = create();
    const early = [holdCall(breaker), holdCall(breaker), holdCall(breaker)];
    await fail(breaker, 3);
    await clock.advance(60);
    for (const call of early) await call.fail(unavailable());
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 40 });
  });
});

describe('a late success from before the break', () => {
  it('does not close a half-open circuit with no trial', async () => {
    const { clock, breaker } = create();
    const early = [holdCall(breaker), holdCall(breaker)];
    await fail(breaker, 3);
    await clock.advance(100);
    const trial = holdCall(breaker);
    for (const call of early) await call.succeed();
    expect(breaker.state).toBe('half-open');
    await trial.fail(unavailable());
    expect(breaker.state).toBe('open');
  });

  it('control: successes of trials do', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 3);
    await clock.advance(100);
    const trials = [holdCall(breaker), holdCall(breaker)];
    for (const trial of trials) await trial.succeed();
    expect(breaker.state).toBe('closed');
  });

  it('does not free a permit that it never took', async () => {
    const { clock, breaker } = create();
    const early = holdCall(breaker);
    await fail(breaker, 3);
    await clock.advance(100);
    const trials = [holdCall(breaker), holdCall(breaker)];
    await early.succeed();
    expect(trials.map((trial) => trial.isAdmitted)).toEqual([true, true]);
    expect(holdCall(breaker).isAdmitted).toBe(false);
  });
});

describe('a trial of an earlier half-open state', () => {
  /** Fails one of two trials, and lets the other run on into the next half-open state. */
  async function createWithOldTrial() {
    const { clock, breaker } = create({ halfOpenMaxWaitMs: 1_000 });
    await fail(breaker, 3);
    await clock.advance(100);
    const old = holdCall(breaker);
    await fail(breaker);
    await clock.advance(200);
    const trial = holdCall(breaker);
    expect([trial.isAdmitted, breaker.state]).toEqual([true, 'half-open']);
    return { clock, breaker, old, trial };
  }

  it('neither opens the next one by failing nor counts there by succeeding', async () => {
    const failing = await createWithOldTrial();
    await failing.old.fail(unavailable());
    expect(failing.breaker.state).toBe('half-open');

    const succeeding = await createWithOldTrial();
    await succeeding.trial.succeed();
    await succeeding.old.succeed();
    expect(succeeding.breaker.state).toBe('half-open');
  });

  it('does not count as hung there', async () => {
    const { clock, breaker, trial } = await createWithOldTrial();
    await clock.advance(999);
    expect(holdCall(breaker).isAdmitted).toBe(true);
    await trial.succeed();
    expect(breaker.state).toBe('half-open');
  });

  it('control: those of the present one do all of that', async () => {
    const failing = await createWithOldTrial();
    await failing.trial.fail(unavailable());
    expect(failing.breaker.state).toBe('open');

    const succeeding = await createWithOldTrial();
    await succeeding.trial.succeed();
    await succeed(succeeding.breaker);
    expect(succeeding.breaker.state).toBe('closed');

    const hanging = await createWithOldTrial();
    await hanging.clock.advance(1_000);
    expect(holdCall(hanging.breaker).isAdmitted).toBe(false);
    expect(hanging.breaker.state).toBe('open');
  });
});

describe('a window that does not expire by time', () => {
  const rule = { tripRule: timeWindow({ windowMs: 10_000, minimumThroughput: 5 }) };

  it('is not ours: four failures, a day of silence and one failure leave the circuit closed', async () => {
    const { clock, breaker } = create(rule);
    await fail(breaker, 4);
    await clock.advance(86_400_000);
    await fail(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('control: five failures within the window open it', async () => {
    const { clock, breaker } = create(rule);
    await fail(breaker, 4);
    await clock.advance(8_999);
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('is not ours: a thousand old successes do not hide five failures', async () => {
    const { clock, breaker } = create(rule);
    await succeed(breaker, 1_000);
    await clock.advance(10_000);
    await fail(breaker, 5);
    expect(breaker.state).toBe('open');
  });

  it('control: a thousand recent successes outweigh them', async () => {
    const { clock, breaker } = create(rule);
    await succeed(breaker, 1_000);
    await clock.advance(8_999);
    await fail(breaker, 5);
    expect(breaker.state).toBe('closed');
  });
});

describe('a trial that hangs', () => {
  async function createWithHungTrials() {
    const { clock, breaker } = create();
    await fail(breaker, 3);
    await clock.advance(100);
    const hung = [holdCall(breaker), holdCall(breaker)];
    return { clock, breaker, hung };
  }

  it('keeps no caller waiting: whoever comes meanwhile is refused at once', async () => {
    const { breaker } = await createWithHungTrials();
    const callers = Array.from({ length: 100 }, () => holdCall(breaker));
    const errors = await Promise.all(callers.map((caller) => caller.error));
    expect(callers.some((caller) => caller.isAdmitted)).toBe(false);
    expect(errors.every((error) => (error as { code?: unknown }).code === 'CIRCUIT_OPEN')).toBe(true);
  });

  it('does not wedge the circuit: it breaks again, and then there are new trials', async () => {
    const { clock, breaker } = await createWithHungTrials();
    await clock.advance(50);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 200 });
    await clock.advance(200);
    await succeed(breaker, 2);
    expect(breaker.state).toBe('closed');
  });

  it('lets nobody rush in, neither after its time nor when it ends at last', async () => {
    const { clock, breaker, hung } = await createWithHungTrials();
    const admitted = () =>
      Array.from({ length: 100 }, () => holdCall(breaker)).filter((c) => c.isAdmitted).length;
    await clock.advance(50);
    expect(admitted()).toBe(0);
    for (const trial of hung) await trial.succeed();
    expect(admitted()).toBe(0);
    await clock.advance(200);
    expect(admitted()).toBe(2);
  });

  it('control: trials that answer in time close the circuit for all', async () => {
    const { breaker, hung } = await createWithHungTrials();
    for (const trial of hung) await trial.succeed();
    expect(holdCall(breaker).isAdmitted).toBe(true);
    expect(breaker.state).toBe('closed');
  });
});

describe('a wall clock that jumps', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([
    ['a year ahead', 365 * 86_400_000],
    ['a year back', -365 * 86_400_000],
  ])('%s changes nothing, by the process clock', async (_, jumpMs) => {
    const breaker = circuitBreaker({
      tripRule: timeWindow({ windowMs: 1e9, minimumThroughput: 2 }),
      breakMs: 1e8,
      maxBreakMs: 1e8,
    });
    const realNow = Date.now;
    const jump = () => jest.spyOn(Date, 'now').mockImplementation(() => realNow() + jumpMs);
    await fail(breaker);
    jump();
    await fail(breaker);
    // A jump ahead has expired nothing, so that the circuit is open; and neither jump has ended the break.
    expect(breaker.state).toBe('open');
    jest.restoreAllMocks();
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN' });
    jump();
    const refusal = (await fail(breaker)) as { retryAfterMs: number };
    expect(refusal.retryAfterMs).toBeGreaterThan(0);
    expect(refusal.retryAfterMs).toBeLessThanOrEqual(1e8);
  });

  it('control: the passing of monotonic time ends the break', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 3);
    await clock.advance(100);
    expect(holdCall(breaker).isAdmitted).toBe(true);
  });
});

describe('a state restored in another process', () => {
  it.each([
    [86_400_000, 0],
    [0, 86_400_000],
  ])('is not off by the ages of the processes, %d ms and %d ms', async (oldAgeMs, newAgeMs) => {
    const [before, after] = [create(), create()];
    await before.clock.advance(oldAgeMs);
    await after.clock.advance(newAgeMs);
    await fail(before.breaker, 3);
    await before.clock.advance(30);
    after.breaker.restoreState(JSON.parse(JSON.stringify(before.breaker.exportState())));
    expect(await fail(after.breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 70 });
    await after.clock.advance(70);
    expect(holdCall(after.breaker).isAdmitted).toBe(true);
  });

  it('control: within one process it goes on likewise', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 3);
    await clock.advance(30);
    const snapshot = breaker.exportState();
    breaker.reset();
    breaker.restoreState(snapshot);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 70 });
  });
});
