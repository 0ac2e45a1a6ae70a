import { createDeadline, DeadlineExceededError } from '../clock/deadline';
import { fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { RecordingClock } from '../test/pipeline-recording-clock';
import { timeout } from './timeout';
import { TimeoutError } from './timeout-error';

const TIMEOUT_MS = 100;

describe('a deadline that is nearer than the timeout', () => {
  it('ends the call when it passes, not before, with an error of its own', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const limits: string[] = [];
    policy.on('timeout', ({ limit, timeoutMs }) => limits.push(`${limit} ${timeoutMs}`));
    const outcome = watch(policy.execute(work.operation, { deadline: 99 }));
    const { attempt } = work.run(0);
    const { signal } = attempt;
    expect(attempt.remainingMs).toBe(99);
    await clock.advance(98);
    expect([outcome.state, signal.aborted]).toEqual(['pending', false]);
    await clock.advance(1);
    expect(outcome.error).toBeInstanceOf(DeadlineExceededError);
    expect(signal.reason).toBe(outcome.error);
    expect(limits).toEqual(['deadline 100']);
    await clock.advance(TIMEOUT_MS);
    expect(limits).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not end it early when a timer fires early', async () => {
    const clock = new RecordingClock();
    clock.speed = 0.8;
    const work = new ManualWork();
    const outcome = watch(
      timeout({ timeoutMs: TIMEOUT_MS, clock }).execute(work.operation, { deadline: 50 }),
    );
    await clock.advance(49);
    expect(outcome.state).toBe('pending');
    await clock.advance(5);
    expect(outcome.error).toBeInstanceOf(DeadlineExceededError);
  });

  it.each([
    { how: 'a result', end: (work: ManualWork) => work.run(0).succeed('in time'), state: 'fulfilled' },
    { how: 'a failure', end: (work: ManualWork) => work.run(0).fail(new Error('down')), state: 'rejected' },
  ])('leaves no timer behind $how that is in time', async ({ end, state }) => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const outcome = watch(policy.execute(work.operation, { deadline: 50 }));
    expect(clock.pendingTimers).toBe(1);
    end(work);
    await settled();
    expect([outcome.state, clock.pendingTimers]).toEqual([state, 0]);
  });

  it('is awaited by a caller who cooperates', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, mode: 'cooperate', clock });
    const failed = watch(policy.execute(work.operation, { deadline: 50 }));
    const done = watch(policy.execute(work.operation, { deadline: 50 }));
    await clock.advance(60);
    expect([failed.state, done.state]).toEqual(['pending', 'pending']);
    work.run(0).fail(new Error('stopped'));
    work.run(1).succeed('committed');
    await settled();
    expect(failed.error).toBeInstanceOf(DeadlineExceededError);
    expect(done.value).toBe('committed');
  });

  it('still bounds the next statement of an operation that was left behind', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    watch(timeout({ timeoutMs: TIMEOUT_MS, clock }).execute(work.operation, { deadline: 50 }));
    await clock.advance(60);
    expect(work.run(0).attempt.remainingMs).toBe(0);
    expect(work.run(0).attempt.signal.aborted).toBe(true);
  });

  it('does not disturb calls that have none', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const bound = watch(policy.execute(work.operation, { deadline: 50 }));
    const free = watch(policy.execute(work.operation));
    await clock.advance(50);
    expect([bound.state, free.state]).toEqual(['rejected', 'pending']);
    await clock.advance(50);
    expect(free.error).toBeInstanceOf(TimeoutError);
  });
});

describe('a deadline that is farther than the timeout', () => {
  it.each([TIMEOUT_MS, TIMEOUT_MS + 1])('leaves the timeout as it is (%i ms)', async (deadline) => {
    const clock = new RecordingClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const outcome = watch(policy.execute(work.operation, { deadline }));
    expect(work.run(0).attempt.remainingMs).toBe(TIMEOUT_MS);
    expect(clock.delaysMs).toEqual([TIMEOUT_MS]);
    await clock.advance(TIMEOUT_MS);
    expect(outcome.error).toBeInstanceOf(TimeoutError);
  });

  it('becomes the nearer one for a later attempt', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = pipeline([
      retry({ maxAttempts: 3, backoff: constant(10), retryableErrors: ['TIMEOUT'], clock }),
      timeout({ timeoutMs: TIMEOUT_MS, clock }),
    ]);
    const outcome = watch(policy.execute(work.operation, { deadline: createDeadline(150, clock) }));
    await clock.advance(110);
    expect(work.run(1).attempt.remainingMs).toBe(40);
    await clock.advance(39);
    expect(outcome.state).toBe('pending');
    await clock.advance(1);
    expect(outcome.error).toBeInstanceOf(DeadlineExceededError);
  });
});

describe('timeouts around one another', () => {
  it.each([
    { outerMs: 50, innerMs: 100 },
    { outerMs: 100, innerMs: 50 },
  ])('end the call at the nearer one ($outerMs ms around $innerMs ms)', async ({ outerMs, innerMs }) => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = pipeline([timeout({ timeoutMs: outerMs, clock }), timeout({ timeoutMs: innerMs, clock })]);
    const outcome = watch(policy.execute(work.operation));
    const { attempt } = work.run(0);
    const { signal } = attempt;
    expect(attempt.remainingMs).toBe(50);
    await clock.advance(49);
    expect(outcome.state).toBe('pending');
    await clock.advance(1);
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT', timeoutMs: 50 });
    expect(signal.reason).toBe(outcome.error);
    await clock.advance(100);
    work.run(0).succeed();
    await settled();
    expect(clock.pendingTimers).toBe(0);
  });

  it('end all that waits between them', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = pipeline([
      timeout({ timeoutMs: 50, clock }),
      retry({ backoff: constant(30), retryableErrors: () => true, clock }),
    ]);
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(15);
    work.run(0).fail(new Error('down'));
    await clock.advance(30);
    work.run(1).fail(new Error('down'));
    await settled();
    // 5 ms are left, so that a wait of 30 ms is not even begun.
    expect(outcome.error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 2 });
    expect(clock.pendingTimers).toBe(0);
  });
});
