import { MAX_TIMER_MS } from '../clock/clock';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { thrownBy } from '../test/breaker-calls';
import { scriptedRule } from '../test/limit-scripted-rule';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { TimeoutError } from '../timeout/timeout-error';
import { ADAPTIVE_LIMIT_DEFAULTS, type AdaptiveLimitOptions, adaptiveLimit } from './adaptive-limit';
import { aimd } from './aimd';

let clock: FakeClock;
let work: ManualWork;
beforeEach(() => {
  clock = fakeClock();
  work = new ManualWork();
});
afterEach(async () => {
  work.finish();
  await settled();
  expect(clock.pendingTimers).toBe(0);
});

describe('the limit of an adaptive limit', () => {
  it.each<[object, number]>([
    [{}, 20],
    [{ maxLimit: 10 }, 10],
    [{ minLimit: 30 }, 30],
    [{ minLimit: 300 }, 300],
    [{ initialLimit: 7 }, 7],
    [{ minLimit: 5, maxLimit: 5, initialLimit: 5 }, 5],
  ])('begins with %j at %p', (options, limit) => {
    expect(adaptiveLimit({ rule: scriptedRule().rule, ...options, clock }).limit).toBe(limit);
  });

  it('is what the rule says, rounded down, while the rule goes on from the fraction', async () => {
    const asked: number[] = [];
    const { rule } = scriptedRule((limit) => {
      asked.push(limit);
      return limit + 0.4;
    });
    const policy = adaptiveLimit({ rule, initialLimit: 3, clock });
    const limits: number[] = [];
    for (let call = 0; call < 5; call++) {
      await policy.execute(() => 'done');
      limits.push(policy.limit);
    }
    expect(limits).toEqual([3, 3, 4, 4, 5]);
    expect(asked.map((limit) => limit.toFixed(1))).toEqual(['3.0', '3.4', '3.8', '4.2', '4.6']);
  });

  it.each([
    [1e9, 12],
    [Number.POSITIVE_INFINITY, 12],
    [12.9, 12],
    [3.9, 4],
    [0, 4],
    [-5, 4],
    [Number.NEGATIVE_INFINITY, 4],
  ])('stays within its bounds when the rule says %p: %p', async (wanted, limit) => {
    const { rule } = scriptedRule(() => wanted);
    const policy = adaptiveLimit({ rule, initialLimit: 8, minLimit: 4, maxLimit: 12, clock });
    await policy.execute(() => 'done');
    expect(policy.limit).toBe(limit);
  });

  it.each<[string, () => number]>([
    ['says NaN', () => Number.NaN],
    [
      'throws',
      () => {
        throw new Error('a bug in the rule');
      },
    ],
  ])('stays as it is when the rule %s, and the outcome of the operation too', async (_, answer) => {
    const { rule } = scriptedRule(answer);
    const policy = adaptiveLimit({ rule, initialLimit: 1, clock });
    await expect(policy.execute(() => 'done')).resolves.toBe('done');
    const failure = new TimeoutError(5);
    expect(await caught(policy.execute(() => Promise.reject(failure)))).toBe(failure);
    expect([policy.limit, policy.active]).toEqual([1, 0]);
    watch(policy.execute(work.operation));
    expect(await caught(policy.execute(work.operation))).toMatchObject({ code: 'BULKHEAD_FULL' });
  });

  it('lets waiters in as it rises, at once and in their order', async () => {
    const { rule } = scriptedRule(() => 3);
    const policy = adaptiveLimit({ rule, initialLimit: 1, maxQueue: 5, clock });
    const outcomes = [0, 1, 2, 3, 4].map(() => watch(policy.execute(work.operation)));
    expect([work.runs.length, policy.queued]).toEqual([1, 4]);
    work.run(0).succeed();
    await settled();
    expect(outcomes[0]?.state).toBe('fulfilled');
    expect([work.runs.length, policy.active, policy.queued]).toEqual([4, 3, 1]);
  });

  it('takes no slot back as it falls: nothing new runs until enough has ended', async () => {
    const { rule } = scriptedRule(() => 1);
    const policy = adaptiveLimit({ rule, initialLimit: 3, maxQueue: 1, clock });
    for (let call = 0; call < 4; call++) watch(policy.execute(work.operation));
    work.run(0).succeed();
    await settled();
    expect([policy.limit, policy.active, policy.queued]).toEqual([1, 2, 1]);
    work.run(1).succeed();
    await settled();
    expect([policy.active, policy.queued, work.runs.length]).toEqual([1, 1, 3]);
    work.run(2).succeed();
    await settled();
    expect([policy.active, policy.queued, work.runs.length]).toEqual([1, 0, 4]);
  });

  it('follows aimd: up by one for each round that is used, down when an operation is slow', async () => {
    const policy = adaptiveLimit({ rule: aimd({ maxLatencyMs: 100 }), initialLimit: 1, clock });
    const changes: unknown[] = [];
    policy.on('limitChange', (change) => changes.push(change));
    await policy.execute(() => 'done');
    expect(policy.limit).toBe(2);
    watch(policy.execute(work.operation));
    await clock.advance(101);
    work.run(0).succeed();
    await settled();
    expect(changes).toEqual([
      { name: undefined, from: 1, to: 2 },
      { name: undefined, from: 2, to: 1 },
    ]);
  });
});

describe('the events of an adaptive limit', () => {
  it('tell every change of the limit, and nothing while it stays', async () => {
    const said = [20.5, 22, 22.9, 3];
    const { rule } = scriptedRule(() => said.shift() ?? 0);
    const policy = adaptiveLimit({ rule, name: 'search', clock });
    const changes: unknown[] = [];
    const leave = policy.on('limitChange', (change) => changes.push(change));
    policy.on('limitChange', () => {
      throw new Error('a broken listener');
    });
    for (let call = 0; call < 4; call++) await policy.execute(() => 'done');
    expect(changes).toEqual([
      { name: 'search', from: 20, to: 22 },
      { name: 'search', from: 22, to: 3 },
    ]);
    leave();
    await policy.execute(() => 'done');
    expect(changes).toHaveLength(2);
    expect(policy.limit).toBe(1);
  });

  it('tell every refusal, and of whom', async () => {
    const policy = adaptiveLimit({ rule: scriptedRule().rule, initialLimit: 1, name: 'search', clock });
    const told: unknown[] = [];
    policy.on('reject', (event) => told.push(event));
    const context = { operation: 'find' };
    watch(policy.execute(work.operation));
    await caught(policy.execute(work.operation, { context }));
    expect(told).toEqual([{ code: 'BULKHEAD_FULL', name: 'search', active: 1, queued: 0, context }]);
    expect(thrownBy(() => policy.on('rejected' as 'reject', () => {}))).toMatchObject({
      option: 'event',
      value: 'rejected',
      allowed: 'one of reject, limitChange',
    });
  });
});

describe('the options of an adaptive limit', () => {
  const { rule } = scriptedRule();
  it.each<[string, unknown, string, object?]>([
    ['rule', undefined, 'aimd() or gradient()'],
    ['rule', {}, 'aimd() or gradient()'],
    ['rule', aimd, 'aimd() or gradient()'],
    ['minLimit', 0, 'an integer of at least 1'],
    ['minLimit', 1.5, 'an integer of at least 1'],
    ['maxLimit', 4, 'an integer of at least 5', { minLimit: 5 }],
    ['maxLimit', Number.POSITIVE_INFINITY, 'an integer of at least 1'],
    ['initialLimit', 4, 'an integer of at least 5 and of at most 9', { minLimit: 5, maxLimit: 9 }],
    ['initialLimit', 10, 'an integer of at least 5 and of at most 9', { minLimit: 5, maxLimit: 9 }],
    ['initialLimit', 201, 'an integer of at least 1 and of at most 200'],
    ['initialLimit', 5.5, 'an integer of at least 1 and of at most 200'],
    ['maxQueue', -1, 'an integer of at least 0'],
    ['maxQueue', Number.POSITIVE_INFINITY, 'an integer of at least 0'],
    ['maxQueueWaitMs', 0, `a finite number above 0 and of at most ${MAX_TIMER_MS}`],
    ['maxQueueWaitMs', MAX_TIMER_MS + 1, `a finite number above 0 and of at most ${MAX_TIMER_MS}`],
    ['isOverload', ['TIMEOUT'], 'a function'],
    ['name', '', 'a text of 1 to 100 characters'],
    ['clock', {}, 'a Clock with nowMs and schedule'],
  ])('refuse %s = %p: %s', (option, value, allowed, others = {}) => {
    const options = { rule, ...others, [option]: value } as AdaptiveLimitOptions;
    expect(thrownBy(() => adaptiveLimit(options))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
      value,
      allowed,
    });
  });

  it('refuse a name that nobody reads', () => {
    const options = { rule, limit: 5 } as AdaptiveLimitOptions;
    expect(thrownBy(() => adaptiveLimit(options))).toMatchObject({
      option: 'adaptiveLimit option',
      value: 'limit',
      allowed:
        'one of rule, initialLimit, minLimit, maxLimit, maxQueue, maxQueueWaitMs, isOverload, name, clock',
    });
    expect(thrownBy(() => adaptiveLimit(undefined as never))).toMatchObject({
      option: 'adaptiveLimit options',
    });
  });

  it('have defaults that cannot be changed', () => {
    expect(ADAPTIVE_LIMIT_DEFAULTS).toEqual({ initialLimit: 20, minLimit: 1, maxLimit: 200 });
    expect(Object.isFrozen(ADAPTIVE_LIMIT_DEFAULTS)).toBe(true);
  });
});
