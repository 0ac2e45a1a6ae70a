import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { PredicateError } from '../errors/judge';
import { isRejected } from '../errors/rejected-error';
import { pipeline } from '../pipeline/pipeline';
import { scriptedRule } from '../test/limit-scripted-rule';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { refused } from '../test/retry-operations';
import { timeout } from '../timeout/timeout';
import { TimeoutError } from '../timeout/timeout-error';
import { adaptiveLimit } from './adaptive-limit';

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

describe('an adaptive limit', () => {
  it('lets as many operations run as it says, and refuses others', async () => {
    const { rule } = scriptedRule();
    const policy = adaptiveLimit({ rule, initialLimit: 2, name: 'search', clock });
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    const error = await caught(policy.execute(work.operation));
    expect(error).toMatchObject({ code: 'BULKHEAD_FULL', bulkhead: 'search', active: 2, queued: 0 });
    expect(isRejected(error)).toBe(true);
    expect([policy.limit, policy.active, policy.queued]).toEqual([2, 2, 0]);
  });

  it('lets others wait, for as long as it is told', async () => {
    const { rule } = scriptedRule();
    const policy = adaptiveLimit({ rule, initialLimit: 1, maxQueue: 1, maxQueueWaitMs: 50, clock });
    watch(policy.execute(work.operation));
    const waiter = watch(policy.execute(work.operation));
    expect(policy.queued).toBe(1);
    await clock.advance(50);
    expect(waiter.error).toMatchObject({ code: 'BULKHEAD_WAIT_EXCEEDED', active: 1, queued: 0 });
    expect(policy.queued).toBe(0);
  });

  it('asks its rule about each operation that has succeeded: how long it took and how many ran', async () => {
    const { rule, samples } = scriptedRule();
    const policy = adaptiveLimit({ rule, initialLimit: 5, clock });
    for (let call = 0; call < 3; call++) watch(policy.execute(work.operation));
    await clock.advance(30);
    work.run(1).succeed();
    await clock.advance(10);
    work.run(0).succeed();
    await settled();
    expect(samples).toEqual([
      { latencyMs: 30, active: 3, isOverload: false },
      { latencyMs: 40, active: 2, isOverload: false },
    ]);
    expect(policy.active).toBe(1);
  });

  it('measures the time from the slot on, not the wait before it', async () => {
    const { rule, samples } = scriptedRule();
    const policy = adaptiveLimit({ rule, initialLimit: 1, maxQueue: 1, clock });
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    await clock.advance(100);
    work.run(0).succeed();
    await clock.advance(7);
    work.run(1).succeed();
    await settled();
    expect(samples.map(({ latencyMs }) => latencyMs)).toEqual([100, 7]);
  });

  it.each<[string, () => unknown]>([
    ['a timeout', () => new TimeoutError(5)],
    ['a full pool', () => Object.assign(new Error(), { code: 'POOL_EXHAUSTED' })],
    ['a timeout behind a wrapper', () => new Error('query failed', { cause: new TimeoutError(5) })],
    [
      'a timeout behind a wrapper with a code of its own',
      () => Object.assign(new Error('x', { cause: new TimeoutError(5) }), { code: 'E_QUERY' }),
    ],
  ])('takes %s for overload', async (_, createError) => {
    const { rule, samples } = scriptedRule();
    const policy = adaptiveLimit({ rule, clock });
    const error = createError();
    expect(await caught(policy.execute(() => Promise.reject(error)))).toBe(error);
    expect(samples).toEqual([{ latencyMs: 0, active: 1, isOverload: true }]);
  });

  it.each<[string, () => unknown]>([
    ['a refused connection', refused],
    ['a unique violation', () => Object.assign(new Error(), { code: '23505' })],
    ['a text', () => 'TIMEOUT'],
    ['nothing', () => undefined],
  ])('does not measure %s: what fails fast is not fast', async (_, createError) => {
    const { rule, samples } = scriptedRule();
    const policy = adaptiveLimit({ rule, clock });
    await caught(policy.execute(() => Promise.reject(createError())));
    expect(samples).toEqual([]);
    expect(policy.active).toBe(0);
  });

  it('takes for overload what it is told, and nothing else', async () => {
    const { rule, samples } = scriptedRule();
    const policy = adaptiveLimit({ rule, isOverload: (error) => error === 'busy', clock });
    await caught(policy.execute(() => Promise.reject('busy')));
    await caught(policy.execute(() => Promise.reject(new TimeoutError(5))));
    expect(samples).toEqual([{ latencyMs: 0, active: 1, isOverload: true }]);
  });

  it('takes a timeout inside it for overload, once, and holds the slot until the work has settled', async () => {
    const { rule, samples } = scriptedRule();
    const limit = adaptiveLimit({ rule, initialLimit: 1, clock });
    const policy = pipeline([limit, timeout({ timeoutMs: 50, clock })]);
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(50);
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT' });
    expect(samples).toEqual([{ latencyMs: 50, active: 1, isOverload: true }]);
    expect(limit.active).toBe(1);
    await clock.advance(100);
    work.run(0).succeed();
    await settled();
    expect(limit.active).toBe(0);
    expect(samples).toHaveLength(1);
  });

  it('measures what a timeout around it has left behind when that has really ended', async () => {
    const { rule, samples } = scriptedRule();
    const limit = adaptiveLimit({ rule, initialLimit: 1, clock });
    const policy = pipeline([timeout({ timeoutMs: 50, clock }), limit]);
    watch(policy.execute(work.operation));
    await clock.advance(50);
    expect(samples).toEqual([]);
    await clock.advance(100);
    work.run(0).succeed();
    await settled();
    expect(samples).toEqual([{ latencyMs: 150, active: 1, isOverload: false }]);
    expect(limit.active).toBe(0);
  });

  it('does not measure what its caller has aborted', async () => {
    const { rule, samples } = scriptedRule();
    const policy = adaptiveLimit({ rule, initialLimit: 1, maxQueue: 1, clock });
    const [running, waiting] = [new AbortController(), new AbortController()];
    watch(policy.execute(work.operation, { signal: running.signal }));
    const waiter = watch(policy.execute(work.operation, { signal: waiting.signal }));
    waiting.abort('left');
    await settled();
    expect(waiter.error).toBe('left');
    running.abort('left');
    work.run(0).fail('left');
    await settled();
    expect(samples).toEqual([]);
    expect([policy.active, policy.queued]).toEqual([0, 0]);
  });

  it('keeps both errors when the question of overload throws, and gives the slot back', async () => {
    const { rule, samples } = scriptedRule();
    const broken = new TypeError('a bug in the predicate');
    const policy = adaptiveLimit({
      rule,
      isOverload: () => {
        throw broken;
      },
      clock,
    });
    const failure = refused();
    const error = await caught(policy.execute(() => Promise.reject(failure)));
    expect(error).toBeInstanceOf(PredicateError);
    expect(error).toMatchObject({ option: 'isOverload', failure, errors: [broken, failure] });
    expect(policy.active).toBe(0);
    expect(samples).toEqual([]);
  });
});
