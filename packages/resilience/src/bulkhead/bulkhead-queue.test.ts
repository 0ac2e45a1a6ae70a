import { getEventListeners } from 'node:events';
import type { Clock } from '../clock/clock';
import { createDeadline, DeadlineExceededError } from '../clock/deadline';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { timeout } from '../timeout/timeout';
import { TimeoutError } from '../timeout/timeout-error';
import { bulkhead } from './bulkhead';
import { BulkheadRejectedError } from './bulkhead-rejected-error';

describe('the queue of a bulkhead', () => {
  it('takes whoever finds no slot, up to its limit, and refuses the next', async () => {
    const policy = bulkhead({ maxConcurrent: 2, maxQueue: 2 });
    const work = new ManualWork();
    const outcomes = Array.from({ length: 5 }, () => watch(policy.execute(work.operation)));
    await settled();
    expect([policy.active, policy.queued, work.running]).toEqual([2, 2, 2]);
    expect(outcomes.map(({ state }) => state)).toEqual([
      'pending',
      'pending',
      'pending',
      'pending',
      'rejected',
    ]);
    expect(outcomes[4]?.error).toMatchObject({ code: 'BULKHEAD_FULL', active: 2, queued: 2 });
  });

  it('has no place by default', async () => {
    const policy = bulkhead({ maxConcurrent: 1 });
    const work = new ManualWork();
    const running = watch(policy.execute(work.operation));
    await expect(policy.execute(work.operation)).rejects.toBeInstanceOf(BulkheadRejectedError);
    work.run(0).succeed('done');
    await settled();
    expect(running).toMatchObject({ state: 'fulfilled', value: 'done' });
    expect(work.runs).toHaveLength(1);
  });

  it('is served in the order of arrival', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 10 });
    const order: number[] = [];
    const calls = Array.from({ length: 11 }, (_, at) => policy.execute(async () => void order.push(at)));
    await Promise.all(calls);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect([policy.active, policy.queued]).toEqual([0, 0]);
  });

  it.each([
    { how: 'succeeds', end: (work: ManualWork) => work.run(0).succeed() },
    { how: 'fails', end: (work: ManualWork) => work.run(0).fail(new Error('down')) },
  ])('moves up when an operation $how', async ({ end }) => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1 });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    end(work);
    await settled();
    expect(work.runs).toHaveLength(2);
    expect([policy.active, policy.queued]).toEqual([1, 0]);
  });

  it('moves up when an operation throws', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1 });
    const failure = new Error('thrown');
    const thrown = await caught(
      policy.execute(() => {
        throw failure;
      }),
    );
    expect(thrown).toBe(failure);
    expect(policy.active).toBe(0);
  });

  it('of 20 000 operations that end at once does not overflow the stack', async () => {
    const waiting = 20_000;
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: waiting });
    const work = new ManualWork();
    const first = policy.execute(work.operation);
    let runs = 0;
    const calls = Array.from({ length: waiting }, () =>
      policy.execute(() => {
        runs += 1;
        return runs;
      }),
    );
    expect(policy.queued).toBe(waiting);
    work.run(0).succeed();
    await first;
    expect(await Promise.all(calls)).toHaveLength(waiting);
    expect([runs, policy.active, policy.queued]).toEqual([waiting, 0, 0]);
  });
});

describe('a waiter that gives up', () => {
  let clock: FakeClock;
  let work: ManualWork;

  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
  });

  /** A bulkhead with its one slot taken, and its one place in the queue free. */
  function busyBulkhead(maxQueue = 1) {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue, clock });
    watch(policy.execute(work.operation));
    return policy;
  }

  it('by its signal leaves at once, and its place can be taken in the same turn', async () => {
    const policy = busyBulkhead();
    const controller = new AbortController();
    const given = watch(policy.execute(work.operation, { signal: controller.signal }));
    controller.abort('gone');
    expect(policy.queued).toBe(0);
    const next = watch(policy.execute(work.operation));
    expect(policy.queued).toBe(1);
    work.run(0).succeed();
    await settled();
    expect(given).toMatchObject({ state: 'rejected', error: 'gone' });
    expect(next.state).toBe('pending');
    expect(work.runs).toHaveLength(2);
  });

  it('keeps its place as long as it does not (control)', async () => {
    const policy = busyBulkhead();
    const kept = watch(policy.execute(work.operation, { signal: new AbortController().signal }));
    await expect(policy.execute(work.operation)).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
    work.run(0).succeed();
    await settled();
    work.run(1).succeed('served');
    await settled();
    expect(kept).toMatchObject({ state: 'fulfilled', value: 'served' });
  });

  it('at its deadline leaves at once, and not before', async () => {
    const policy = busyBulkhead();
    const late = watch(policy.execute(work.operation, { deadline: 100 }));
    await clock.advance(99);
    expect([late.state, policy.queued]).toEqual(['pending', 1]);
    await clock.advance(1);
    expect(late.error).toBeInstanceOf(DeadlineExceededError);
    expect(policy.queued).toBe(0);
    work.run(0).succeed();
    await settled();
    expect(work.runs).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('because of a timeout around the bulkhead leaves at once', async () => {
    const policy = busyBulkhead();
    const bounded = pipeline([timeout({ timeoutMs: 50, clock }), policy]);
    const late = watch(bounded.execute(work.operation));
    expect(policy.queued).toBe(1);
    await clock.advance(50);
    expect(late.error).toBeInstanceOf(TimeoutError);
    expect(policy.queued).toBe(0);
    work.run(0).succeed();
    await settled();
    expect([work.runs.length, policy.active]).toEqual([1, 0]);
  });

  it.each([0, 1, 2])('leaves the order of the others as it was (waiter %i of three)', async (leaver) => {
    const policy = busyBulkhead(3);
    const controllers = [0, 1, 2].map(() => new AbortController());
    const order: number[] = [];
    const outcomes = controllers.map(({ signal }, at) =>
      watch(policy.execute(() => order.push(at), { signal })),
    );
    controllers[leaver]?.abort();
    work.run(0).succeed();
    await settled();
    expect(order).toEqual([0, 1, 2].filter((at) => at !== leaver));
    expect(outcomes.map(({ state }) => state === 'rejected')).toEqual([0, 1, 2].map((at) => at === leaver));
  });

  it('leaves no listener on its signal and no timer', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 2, maxQueueWaitMs: 500, clock });
    watch(policy.execute(work.operation));
    const controller = new AbortController();
    const { signal } = controller;
    watch(policy.execute(work.operation, { signal, deadline: 1000 }));
    watch(policy.execute(work.operation, { signal, deadline: createDeadline(1000, clock) }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(clock.pendingTimers).toBe(4);
    controller.abort();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('no longer listens for its end once it has a slot', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, maxQueueWaitMs: 500, clock });
    watch(policy.execute(work.operation));
    const { signal } = new AbortController();
    const admitted = watch(policy.execute(work.operation, { signal, deadline: 1000 }));
    work.run(0).succeed();
    await settled();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(2000);
    expect(admitted.state).toBe('pending');
    work.run(1).succeed('kept');
    await settled();
    expect(admitted).toMatchObject({ state: 'fulfilled', value: 'kept' });
  });

  it('whose deadline passed while its timer was late does not run when a slot comes free', async () => {
    // A busy process: timers that are due have not fired yet, but a promise reaction is served.
    let lagMs = 0;
    const lagging: Clock = {
      nowMs: () => clock.nowMs() + lagMs,
      schedule: (callback, delayMs) => clock.schedule(callback, delayMs),
    };
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, clock: lagging });
    watch(policy.execute(work.operation));
    const late = watch(policy.execute(work.operation, { deadline: 100 }));
    lagMs = 100;
    work.run(0).succeed();
    await settled();
    expect(work.runs).toHaveLength(1);
    expect(late.error).toBeInstanceOf(DeadlineExceededError);
    expect([policy.active, policy.queued]).toEqual([0, 0]);
  });

  it('runs when a slot comes free before its deadline (control)', async () => {
    const policy = busyBulkhead();
    watch(policy.execute(work.operation, { deadline: 100 }));
    await clock.advance(99);
    work.run(0).succeed();
    await settled();
    expect(work.runs).toHaveLength(2);
  });
});

describe('a caller whose signal a listener aborts on the way in', () => {
  it('does not wait for a slot', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const controller = new AbortController();
    const retrying = retry({ clock });
    retrying.on('attempt', () => controller.abort('left'));
    const { signal } = controller;
    const outcome = watch(pipeline([retrying, policy]).execute(work.operation, { signal }));
    await settled();
    expect(outcome).toMatchObject({ state: 'rejected', error: 'left' });
    expect(policy.queued).toBe(0);
  });
});
