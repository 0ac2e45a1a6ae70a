import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { alwaysFailing, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import { timeout } from '../timeout/timeout';
import { retry } from './retry';

describe('a retry after an attempt that was left behind', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  const impatient = (maxAttempts: number) => {
    const policy = retry({
      maxAttempts,
      baseDelayMs: 10,
      jitter: false,
      retryableErrors: ['TIMEOUT'],
      clock,
    });
    return { policy, joined: pipeline([policy, timeout({ timeoutMs: 100, clock })]) };
  };

  it('takes the result of the attempt it has started, not of the one left behind', async () => {
    const work = new ManualWork();
    const outcome = watch(impatient(2).joined.execute(work.operation));
    await clock.advance(110);
    expect(work.runs.map(({ attempt }) => attempt.attempt)).toEqual([1, 2]);
    work.run(0).succeed('too late');
    await settled();
    expect(outcome.state).toBe('pending');
    work.run(1).succeed('in time');
    await settled();
    expect(outcome).toMatchObject({ state: 'fulfilled', value: 'in time' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not ended by its late failure either', async () => {
    const work = new ManualWork();
    const { policy, joined } = impatient(2);
    const events = recordRetryEvents(policy);
    const outcome = watch(joined.execute(work.operation));
    await clock.advance(110);
    work.run(0).fail(new Error('too late'));
    await settled();
    expect(outcome.state).toBe('pending');
    work.run(1).succeed('in time');
    await settled();
    expect(outcome.value).toBe('in time');
    expect(events.map(({ name }) => name)).toEqual(['attempt', 'retry', 'attempt', 'successAfterRetry']);
  });

  it('gives each attempt the whole timeout and a signal of its own', async () => {
    const work = new ManualWork();
    const outcome = watch(impatient(3).joined.execute(work.operation));
    await clock.advance(100);
    const [first] = work.runs.map(({ attempt }) => attempt.signal);
    await clock.advance(10 + 99);
    const second = work.run(1).attempt;
    expect(second.signal).not.toBe(first);
    expect(second.signal.aborted).toBe(false);
    expect(second.remainingMs).toBe(1);
    await clock.advance(1);
    expect(second.signal.reason).toMatchObject({ code: 'TIMEOUT', timeoutMs: 100 });
    await clock.advance(20);
    expect(work.run(2).attempt.remainingMs).toBe(100);
    await clock.advance(100);
    expect(outcome.error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 3, totalDelayMs: 30 });
    work.finish();
    await settled();
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets attempts that are left behind tell the attempt they were', async () => {
    const work = new ManualWork();
    const outcome = watch(impatient(2).joined.execute(work.operation));
    await clock.advance(110);
    const [left, running] = [work.run(0).attempt, work.run(1).attempt];
    expect([left.attempt, running.attempt]).toEqual([1, 2]);
    work.finish();
    await settled();
    expect(outcome.state).toBe('fulfilled');
    expect([left.attempt, running.attempt]).toEqual([1, 2]);
  });

  it('does not take place unless the caller has asked for it: the work may have been applied', async () => {
    const work = new ManualWork();
    const policy = pipeline([retry({ clock }), timeout({ timeoutMs: 100, clock })]);
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(100);
    expect(outcome.error).toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT' });
    await clock.advance(100_000);
    expect(work.runs).toHaveLength(1);
  });
});

describe('one retry policy for many calls', () => {
  it('keeps their attempts, waits and facts apart', async () => {
    const clock = fakeClock();
    const policy = retry({ maxAttempts: 3, baseDelayMs: 100, jitter: false, clock });
    const lasting = alwaysFailing();
    const short = failingWith(refused());
    const bug = new Error('a bug');
    const broken = failingWith(refused(), bug);
    const leaving = alwaysFailing();
    const controller = new AbortController();

    const outcomes = [
      watch(policy.execute(lasting.operation)),
      watch(policy.execute(short.operation)),
      watch(policy.execute(broken.operation)),
      watch(policy.execute(leaving.operation, { signal: controller.signal })),
    ];
    await clock.advance(50);
    const latecomer = watch(policy.execute(short.operation));
    controller.abort('left');
    await clock.advance(1000);

    expect(outcomes.map(({ state }) => state)).toEqual(['rejected', 'fulfilled', 'rejected', 'rejected']);
    expect(outcomes[0]?.error).toMatchObject({ attempts: 3, totalDelayMs: 300, elapsedMs: 300 });
    expect(outcomes[2]?.error).toBe(bug);
    expect(outcomes[3]?.error).toBe('left');
    expect(latecomer.value).toBe('done');
    expect([lasting.calls, short.calls, broken.calls, leaving.calls]).toEqual([3, 3, 2, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('begins anew with each call after another', async () => {
    const clock = fakeClock();
    const policy = retry({ maxAttempts: 3, baseDelayMs: 100, jitter: false, clock });
    const events = recordRetryEvents(policy);
    for (const _ of ['first call', 'second call']) {
      events.length = 0;
      const startedMs = clock.nowMs();
      const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
      expect(error).toMatchObject({ attempts: 3, totalDelayMs: 300, elapsedMs: 300 });
      expect(clock.nowMs() - startedMs).toBe(300);
      expect(events.map((event) => event.name + event.attempt)).toEqual([
        ...['attempt1', 'retry1', 'attempt2', 'retry2', 'attempt3', 'giveUp3'],
      ]);
      // A call that failed at once has waited nothing, whatever the one before it waited.
      const policyError = await caught(
        clock.runUntilSettled(policy.execute(alwaysFailing().operation, { deadline: 100 })),
      );
      expect(policyError).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 1, totalDelayMs: 0 });
      expect(events.at(-1)).toMatchObject({ name: 'giveUp', delayMs: 0, totalDelayMs: 0 });
    }
  });
});
