import { fakeClock } from '../clock/fake-clock';
import { isRejected } from '../errors/rejected-error';
import { fail, holdCall, rejectionOf, succeed } from '../test/breaker-calls';
import { CIRCUIT_BREAKER_DEFAULTS } from './breaker-options';
import { circuitBreaker } from './circuit-breaker';
import { CircuitOpenError } from './circuit-open-error';
import { consecutiveFailures } from './consecutive-failures';
import { RATIO_DEFAULTS } from './ratios';
import { TIME_WINDOW_DEFAULT_MS } from './time-window';
import type { TripRule } from './trip-rule';

describe('a circuit breaker that was told nothing', () => {
  function create() {
    const clock = fakeClock();
    return { clock, breaker: circuitBreaker({ clock }) };
  }

  it('is closed, and hands on results and errors untouched', async () => {
    const breaker = circuitBreaker();
    const error = new Error('no');
    expect(breaker.state).toBe('closed');
    await expect(breaker.execute(async () => 'yes')).resolves.toBe('yes');
    expect(await rejectionOf(breaker.execute(() => Promise.reject(error)))).toBe(error);
    expect(breaker.state).toBe('closed');
  });

  it('opens at half of at least 20 calls', async () => {
    const { breaker } = create();
    await succeed(breaker, 10);
    await fail(breaker, 9);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('stays closed below half of the calls', async () => {
    const { breaker } = create();
    await succeed(breaker, 11);
    await fail(breaker, 10);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('stays closed below 20 calls, though all of them fail', async () => {
    const { breaker } = create();
    await fail(breaker, 19);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('counts the calls of the last 10 s', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 19);
    await clock.advance(9_999);
    await fail(breaker);
    expect(breaker.state).toBe('open');

    breaker.reset();
    await clock.advance(1);
    await fail(breaker, 19);
    await clock.advance(10_000);
    await fail(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('breaks for 5 s, then twice as long each time a trial fails, up to 30 s', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 20);
    for (const breakMs of [5_000, 10_000, 20_000, 30_000, 30_000]) {
      expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: breakMs });
      await clock.advance(breakMs - 1);
      expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
      await clock.advance(1);
      expect(await fail(breaker)).toMatchObject({ code: 'ECONNREFUSED' });
      expect(breaker.state).toBe('open');
    }
  });

  it('closes after 3 trials, and begins again with the first break', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 20);
    await clock.advance(5_000);
    await fail(breaker);
    await clock.advance(10_000);
    await succeed(breaker, 2);
    expect(breaker.state).toBe('half-open');
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
    await fail(breaker, 20);
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 5_000 });
  });

  it('lets 3 trials run at once, and waits 5 s for them', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 20);
    await clock.advance(5_000);
    const trials = [holdCall(breaker), holdCall(breaker), holdCall(breaker)];
    expect(trials.map((trial) => trial.isAdmitted)).toEqual([true, true, true]);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 5_000 });
    await clock.advance(4_999);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
    expect(breaker.state).toBe('half-open');
    await clock.advance(1);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 10_000 });
    expect(breaker.state).toBe('open');
  });

  it('publishes these defaults', () => {
    expect(CIRCUIT_BREAKER_DEFAULTS).toEqual({
      breakMs: 5_000,
      maxBreakMs: 30_000,
      halfOpenPermits: 3,
      halfOpenMaxWaitMs: 5_000,
    });
    expect(RATIO_DEFAULTS).toEqual({ failureRatio: 0.5, minimumThroughput: 20 });
    expect(TIME_WINDOW_DEFAULT_MS).toBe(10_000);
    expect(Object.isFrozen(CIRCUIT_BREAKER_DEFAULTS)).toBe(true);
    expect(Object.isFrozen(RATIO_DEFAULTS)).toBe(true);
  });

  it('sets no timer in any state', async () => {
    const { clock, breaker } = create();
    await fail(breaker, 20);
    await clock.advance(5_000);
    const trial = holdCall(breaker);
    expect(breaker.state).toBe('half-open');
    expect(clock.pendingTimers).toBe(0);
    await trial.succeed();
  });
});

describe('a refusal', () => {
  it('says who refuses and when to come back, and does not run the operation', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, name: 'orders', tripRule: consecutiveFailures(1), breakMs: 700 });
    await fail(breaker);
    await clock.advance(0.5);
    let runs = 0;
    const error = await rejectionOf(breaker.execute(() => (runs += 1)));
    expect(runs).toBe(0);
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(isRejected(error)).toBe(true);
    expect(error).toMatchObject({
      name: 'CircuitOpenError',
      code: 'CIRCUIT_OPEN',
      breaker: 'orders',
      // Of 699.5: a timer would drop the half, and come back too early.
      retryAfterMs: 700,
      message: 'Circuit orders is open; come back in 700 ms',
    });
  });

  it('has no time to come back while isolated, since only a person knows', async () => {
    const breaker = circuitBreaker({ name: 'orders' });
    breaker.isolate();
    expect(await rejectionOf(breaker.execute(() => 'x'))).toMatchObject({
      code: 'CIRCUIT_ISOLATED',
      breaker: 'orders',
      retryAfterMs: undefined,
      message: 'Circuit orders is isolated',
    });
  });

  it('of a breaker without a name speaks of the circuit', () => {
    expect(new CircuitOpenError('CIRCUIT_OPEN', undefined, 12).message).toBe(
      'The circuit is open; come back in 12 ms',
    );
    expect(new CircuitOpenError('CIRCUIT_ISOLATED', undefined, undefined).message).toBe(
      'The circuit is isolated',
    );
  });
});

describe('isolating and resetting by hand', () => {
  const rule = { tripRule: consecutiveFailures(2), breakMs: 100 };

  it('refuses every call, however long, until reset', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, ...rule });
    breaker.isolate();
    expect(breaker.state).toBe('isolated');
    await clock.advance(86_400_000);
    expect(holdCall(breaker).isAdmitted).toBe(false);
    breaker.reset();
    expect(breaker.state).toBe('closed');
    await succeed(breaker);
  });

  it('isolates an open and a half-open circuit too', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, ...rule });
    await fail(breaker, 2);
    breaker.isolate();
    await clock.advance(100);
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_ISOLATED' });
    breaker.reset();
    await fail(breaker, 2);
    await clock.advance(100);
    const trial = holdCall(breaker);
    breaker.isolate();
    await trial.succeed();
    expect(breaker.state).toBe('isolated');
  });

  it('closes an open circuit before its break is over', async () => {
    const breaker = circuitBreaker({ clock: fakeClock(), ...rule });
    await fail(breaker, 2);
    breaker.reset();
    expect(breaker.state).toBe('closed');
    await succeed(breaker);
  });

  it('counts anew after a reset of a closed circuit, without the calls that were running', async () => {
    const breaker = circuitBreaker({ clock: fakeClock(), ...rule });
    await fail(breaker);
    const early = holdCall(breaker);
    breaker.reset();
    await early.fail(new Error('late'));
    await fail(breaker);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });
});

describe('one trip rule given to two breakers', () => {
  it('keeps their counts apart', async () => {
    const tripRule = consecutiveFailures(2);
    const [left, right] = [circuitBreaker({ tripRule }), circuitBreaker({ tripRule })];
    await fail(left);
    await fail(right);
    expect([left.state, right.state]).toEqual(['closed', 'closed']);
    await fail(left);
    expect([left.state, right.state]).toEqual(['open', 'closed']);
  });
});

describe('a trip rule of your own that throws', () => {
  const broken: TripRule = {
    createTally: () => ({
      record() {
        throw new Error('a bug in the rule');
      },
      read: () => ({ calls: 0, failures: 0 }),
      exportCounts: () => ({ rule: 'broken', counts: [] }),
      restoreCounts: () => true,
    }),
  };

  it('changes neither an outcome nor the circuit', async () => {
    const breaker = circuitBreaker({ clock: fakeClock(), tripRule: broken });
    expect(await breaker.execute(() => 'done')).toBe('done');
    const failure = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    await expect(breaker.execute(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(breaker.state).toBe('closed');
  });
});
