import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { consecutiveFailures } from '../circuit-breaker/consecutive-failures';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import type { Attempt } from '../pipeline/attempt';
import { pipeline } from '../pipeline/pipeline';
import { retry } from '../retry/retry';
import { retryBudget } from '../retry/retry-budget';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { recordRetryEvents, refused } from '../test/retry-operations';
import { timeout } from '../timeout/timeout';
import { hedge } from './hedge';

const idempotent = { context: { idempotent: true } } as const;

let clock: FakeClock;
let work: ManualWork;
beforeEach(() => {
  clock = fakeClock();
  work = new ManualWork();
});

describe('a run that was superseded', () => {
  it('holds its slot of a bulkhead inside until it has really settled', async () => {
    const slots = bulkhead({ maxConcurrent: 2, clock });
    const policy = pipeline([hedge({ delayMs: 50, clock }), slots]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    await clock.advance(50);
    expect(slots.active).toBe(2);
    work.run(1).succeed('second');
    await settled();
    expect(outcome.value).toBe('second');
    expect(slots.active).toBe(1);
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect(slots.active).toBe(0);
  });

  it('holds the slot of a bulkhead outside until it has really settled', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, hedge({ delayMs: 50, clock })]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    await clock.advance(50);
    work.run(1).succeed('second');
    await settled();
    expect(outcome.value).toBe('second');
    expect(slots.active).toBe(1);
    const refusedCall = watch(policy.execute(work.operation, idempotent));
    await settled();
    expect(refusedCall.error).toMatchObject({ code: 'BULKHEAD_FULL' });
    work.run(0).succeed('nobody waits');
    await settled();
    expect(slots.active).toBe(0);
    expect(outcome.value).toBe('second');
  });

  it('control: without one, the slot is free when the call is answered', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, hedge({ delayMs: 50, clock })]);
    watch(policy.execute(work.operation, idempotent));
    await clock.advance(49);
    work.run(0).succeed();
    await settled();
    expect(slots.active).toBe(0);
  });

  it('holds the slot outside as long as the last of several', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, hedge({ delayMs: 50, maxAttempts: 3, clock })]);
    watch(policy.execute(work.operation, idempotent));
    await clock.advance(100);
    work.run(1).succeed();
    await settled();
    work.run(0).succeed();
    await settled();
    expect(slots.active).toBe(1);
    work.run(2).fail(refused());
    await settled();
    expect(slots.active).toBe(0);
  });

  it('frees the slot outside at once when it stops at the abort', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, hedge({ delayMs: 50, clock })]);
    let runs = 0;
    const operation = ({ signal }: Attempt) => {
      runs += 1;
      if (runs === 2) return 'second';
      return new Promise<string>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const outcome = watch(policy.execute(operation, idempotent));
    await clock.advance(50);
    expect(outcome.value).toBe('second');
    expect(slots.active).toBe(0);
  });

  it('leaves the queue of a bulkhead inside at once, and is never run', async () => {
    const slots = bulkhead({ maxConcurrent: 1, maxQueue: 5, clock });
    const policy = pipeline([hedge({ delayMs: 50, clock }), slots]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    const other = new ManualWork();
    watch(slots.execute(other.operation));
    await clock.advance(50);
    expect([slots.active, slots.queued]).toEqual([1, 2]);
    work.run(0).succeed('first');
    await settled();
    expect(outcome.value).toBe('first');
    expect([slots.active, slots.queued]).toEqual([1, 0]);
    other.finish();
    await settled();
    expect(work.runs).toHaveLength(1);
    expect(slots.active).toBe(0);
  });

  it('is not retried by a retry inside, neither after its failure nor from a wait', async () => {
    const inner = retry({ baseDelayMs: 1000, jitter: false, clock });
    const events = recordRetryEvents(inner);
    const policy = pipeline([hedge({ delayMs: 50, maxAttempts: 3, clock }), inner]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    work.run(0).fail(refused());
    await clock.advance(100);
    expect(work.runs).toHaveLength(3);
    work.run(2).succeed('third');
    await settled();
    expect(outcome.value).toBe('third');
    expect(events.at(-1)).toMatchObject({ name: 'giveUp', reason: 'aborted', totalDelayMs: 100 });
    work.run(1).fail(refused());
    await settled();
    await clock.advance(100_000);
    expect(work.runs).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is no failure to a breaker inside', async () => {
    const breaker = circuitBreaker({ tripRule: consecutiveFailures(1), clock });
    const policy = pipeline([hedge({ delayMs: 50, clock }), breaker]);
    watch(policy.execute(work.operation, idempotent));
    await clock.advance(50);
    work.run(1).succeed();
    await settled();
    work.run(0).fail(refused());
    await settled();
    expect(breaker.state).toBe('closed');
  });
});

describe('the end of a hedged call', () => {
  it('comes to all its runs when the caller aborts', async () => {
    const controller = new AbortController();
    const options = { ...idempotent, signal: controller.signal };
    const budget = retryBudget({ ratio: 0, minRetriesPerSecond: 0, burst: 5, clock });
    const policy = hedge({ delayMs: 50, maxAttempts: 3, budget, clock });
    const told: unknown[] = [];
    policy.on('hedge', ({ run }) => told.push(run));
    const outcome = watch(policy.execute(work.operation, options));
    await clock.advance(50);
    const signals = work.runs.map(({ attempt }) => attempt.signal);
    const reason = new Error('the caller left');
    controller.abort(reason);
    expect(signals.map((signal) => signal.reason as unknown)).toEqual([reason, reason]);
    await clock.advance(1000);
    expect(work.runs).toHaveLength(2);
    // Nothing is told of a run that cannot start, nor paid for it.
    expect(told).toEqual([2]);
    expect(budget.available).toBe(4);
    expect(outcome.state).toBe('pending');
    work.run(0).fail(reason);
    work.run(1).fail(new Error('other'));
    await settled();
    expect(outcome.error).toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps a success that arrives although the caller has aborted', async () => {
    const controller = new AbortController();
    const options = { ...idempotent, signal: controller.signal };
    const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, options));
    await clock.advance(50);
    controller.abort();
    work.run(1).succeed('committed');
    await settled();
    expect(outcome.value).toBe('committed');
    work.finish();
  });

  it('never begins when the signal is aborted beforehand', async () => {
    const options = { ...idempotent, signal: AbortSignal.abort('left') };
    const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, options));
    await clock.advance(1000);
    expect(outcome.error).toBe('left');
    expect(work.runs).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts nothing more when a listener aborts as the next run is told of', async () => {
    const controller = new AbortController();
    const policy = hedge({ delayMs: 50, maxAttempts: 3, clock });
    policy.on('hedge', () => controller.abort('left'));
    const outcome = watch(policy.execute(work.operation, { ...idempotent, signal: controller.signal }));
    await clock.advance(1000);
    expect(work.runs).toHaveLength(1);
    work.run(0).succeed('kept');
    await settled();
    expect(outcome.value).toBe('kept');
  });

  it('comes with the deadline: its runs are told, and no other is started', async () => {
    const options = { ...idempotent, deadline: 80 };
    const outcome = watch(hedge({ delayMs: 50, maxAttempts: 5, clock }).execute(work.operation, options));
    await clock.advance(50);
    const { attempt } = work.run(1);
    const { signal } = attempt;
    expect(attempt.remainingMs).toBe(30);
    await clock.advance(1000);
    expect(signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(work.runs).toHaveLength(2);
    work.run(0).fail(signal.reason);
    work.run(1).fail(signal.reason);
    await settled();
    expect(outcome.error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('comes with a timeout around it, which leaves all its runs behind', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, timeout({ timeoutMs: 80, clock }), hedge({ delayMs: 50, clock })]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    await clock.advance(80);
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT' });
    expect(work.runs.map(({ attempt }) => attempt.signal.aborted)).toEqual([true, true]);
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect(slots.active).toBe(1);
    work.run(1).succeed();
    await settled();
    expect(slots.active).toBe(0);
  });

  it('waits for a run that outlasts a timeout inside, whose slot is held meanwhile', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, hedge({ delayMs: 50, clock }), timeout({ timeoutMs: 60, clock })]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    await clock.advance(60);
    expect(outcome.state).toBe('pending');
    work.run(1).succeed('second');
    await settled();
    expect(outcome.value).toBe('second');
    expect(slots.active).toBe(1);
    work.run(0).succeed();
    await settled();
    expect(slots.active).toBe(0);
  });
});
