import { fakeClock } from '../clock/fake-clock';
import { fail, holdCall, recordLines, succeed, thrownBy, unavailable } from '../test/breaker-calls';
import type { CircuitBreakerOptions } from './breaker-options';
import { type CircuitBreakerEvents, circuitBreaker } from './circuit-breaker';
import { consecutiveFailures } from './consecutive-failures';

type StateChange = CircuitBreakerEvents['stateChange'];
type Reject = CircuitBreakerEvents['reject'];

function create(options: CircuitBreakerOptions = {}) {
  const clock = fakeClock();
  const { logger, lines } = recordLines();
  const breaker = circuitBreaker({
    clock,
    logger,
    breakMs: 100,
    halfOpenPermits: 1,
    minimumThroughput: 4,
    ...options,
  });
  const changes: StateChange[] = [];
  const rejects: Reject[] = [];
  breaker.on('stateChange', (change) => changes.push(change));
  breaker.on('reject', (reject) => rejects.push(reject));
  return { clock, breaker, lines, changes, rejects };
}

describe('the events and lines of a change of state', () => {
  it('tell where from and where to, with the counts that opened the circuit and the length of the break', async () => {
    const { clock, breaker, lines, changes } = create({ name: 'orders' });
    await succeed(breaker, 2);
    await fail(breaker, 2);
    await clock.advance(100);
    await fail(breaker);
    await clock.advance(200);
    await succeed(breaker);
    const name = 'orders';
    const none = { calls: undefined, failures: undefined, retryAfterMs: undefined };
    expect(changes).toStrictEqual([
      { name, from: 'closed', to: 'open', calls: 4, failures: 2, retryAfterMs: 100 },
      { name, from: 'open', to: 'half-open', ...none },
      { name, from: 'half-open', to: 'open', ...none, retryAfterMs: 200 },
      { name, from: 'open', to: 'half-open', ...none },
      { name, from: 'half-open', to: 'closed', ...none },
    ]);
    const message = 'The circuit changed its state';
    const breakerName = { breaker: 'orders' };
    expect(lines).toStrictEqual([
      {
        level: 'warn',
        message,
        fields: { ...breakerName, from: 'closed', to: 'open', calls: 4, failures: 2, retryAfterMs: 100 },
      },
      { level: 'info', message, fields: { ...breakerName, from: 'open', to: 'half-open' } },
      {
        level: 'warn',
        message,
        fields: { ...breakerName, from: 'half-open', to: 'open', retryAfterMs: 200 },
      },
      { level: 'info', message, fields: { ...breakerName, from: 'open', to: 'half-open' } },
      { level: 'info', message, fields: { ...breakerName, from: 'half-open', to: 'closed' } },
    ]);
  });

  it('tell isolating as a warning, and name no breaker that has no name', () => {
    const { breaker, lines, changes } = create();
    breaker.isolate();
    breaker.reset();
    expect(changes.map(({ name, from, to }) => [name, from, to])).toEqual([
      [undefined, 'closed', 'isolated'],
      [undefined, 'isolated', 'closed'],
    ]);
    expect(lines).toStrictEqual([
      {
        level: 'warn',
        message: 'The circuit changed its state',
        fields: { from: 'closed', to: 'isolated' },
      },
      {
        level: 'info',
        message: 'The circuit changed its state',
        fields: { from: 'isolated', to: 'closed' },
      },
    ]);
  });

  it('have no counts when the circuit was isolated, and none when it was closed by hand', async () => {
    const { breaker, changes } = create();
    await fail(breaker, 4);
    breaker.isolate();
    breaker.reset();
    expect(changes.map(({ to, calls, failures }) => [to, calls, failures])).toEqual([
      ['open', 4, 4],
      ['isolated', undefined, undefined],
      ['closed', undefined, undefined],
    ]);
  });

  it('say nothing when the state stays what it was', () => {
    const { breaker, lines, changes } = create();
    breaker.reset();
    breaker.restoreState(breaker.exportState());
    expect([changes, lines]).toEqual([[], []]);
    breaker.isolate();
    breaker.isolate();
    breaker.restoreState(breaker.exportState());
    expect(changes).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  it('tell a restored state', async () => {
    const { breaker, changes } = create();
    breaker.restoreState({ state: 'open', remainingMs: 40, breakMs: 100 });
    expect(changes).toMatchObject([{ from: 'closed', to: 'open', calls: 0, failures: 0, retryAfterMs: 40 }]);
  });

  it('say nothing of calls that change nothing', async () => {
    const { breaker, lines, changes } = create();
    await succeed(breaker, 5);
    await fail(breaker, 3);
    expect([changes, lines]).toEqual([[], []]);
  });

  it('count a row of failures by its length', async () => {
    const { breaker, changes } = create({
      minimumThroughput: undefined,
      tripRule: consecutiveFailures(3),
    });
    await succeed(breaker, 5);
    await fail(breaker, 3);
    expect(changes).toMatchObject([{ calls: 3, failures: 3 }]);
  });
});

describe('the event of a refusal', () => {
  it('tells name, code, when to come back, and the caller', async () => {
    const { clock, breaker, rejects } = create({ name: 'orders' });
    await fail(breaker, 4);
    await clock.advance(30);
    const context = { operation: 'placeOrder' };
    await holdCall(breaker, { context }).error;
    breaker.isolate();
    await fail(breaker);
    const name = 'orders';
    expect(rejects).toStrictEqual([
      { name, code: 'CIRCUIT_OPEN', retryAfterMs: 70, context },
      { name, code: 'CIRCUIT_ISOLATED', retryAfterMs: undefined, context: undefined },
    ]);
  });

  it('writes no line: an outage must not flood the log', async () => {
    const { breaker, lines } = create();
    await fail(breaker, 4);
    lines.length = 0;
    await fail(breaker, 100);
    expect(lines).toEqual([]);
  });
});

describe('whoever watches', () => {
  const rule = { minimumThroughput: undefined, tripRule: consecutiveFailures(1) };

  it('is told no more after taking the listener back', async () => {
    const { breaker, changes } = create(rule);
    const heard: StateChange[] = [];
    const stop = breaker.on('stateChange', (change) => heard.push(change));
    await fail(breaker);
    stop();
    breaker.reset();
    expect(heard).toHaveLength(1);
    expect(changes).toHaveLength(2);
  });

  it('changes nothing by throwing', async () => {
    const { breaker } = create({
      ...rule,
      logger: { ...recordLines().logger, warn: () => thrower('the logger') },
    });
    breaker.on('stateChange', () => thrower('a listener'));
    breaker.on('reject', () => thrower('another listener'));
    expect(await fail(breaker)).toMatchObject({ code: 'ECONNREFUSED' });
    expect(breaker.state).toBe('open');
    expect(await fail(breaker)).toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  it('may isolate the circuit at the moment it opens', async () => {
    const { breaker } = create(rule);
    breaker.on('stateChange', ({ to }) => to === 'open' && breaker.isolate());
    await fail(breaker);
    expect(breaker.state).toBe('isolated');
  });

  it('may reset the circuit at the moment a call comes to try, which then is no trial', async () => {
    const { clock, breaker } = create(rule);
    await fail(breaker);
    await clock.advance(100);
    breaker.on('stateChange', ({ to }) => to === 'half-open' && breaker.reset());
    const call = holdCall(breaker);
    expect(call.isAdmitted).toBe(true);
    expect(breaker.state).toBe('closed');
    await call.fail(unavailable());
    expect(breaker.state).toBe('open');
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: 100 });
  });

  it('is refused when there is no such event', () => {
    const { breaker } = create();
    expect(thrownBy(() => breaker.on('open' as 'reject', () => {}))).toMatchObject({
      option: 'event',
      value: 'open',
      allowed: 'one of stateChange, reject',
    });
    expect(thrownBy(() => breaker.on('reject', 'tell me' as never))).toMatchObject({ option: 'listener' });
  });
});

function thrower(who: string): never {
  throw new Error(`${who} is broken`);
}
