/** Faults of queues and slots that well-known libraries have shipped. Each stands beside a control without the fault. */
import { fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { type Outcome, settled, watch } from '../test/pipeline-outcome';
import { timeout } from '../timeout/timeout';
import { bulkhead } from './bulkhead';

/** More turns than a slot needs to change hands. */
const TURNS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

async function passTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

describe('fault: newcomers overtake waiters', () => {
  it.each(TURNS)('a newcomer who comes %i turns after a slot was given back runs last', async (turns) => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 10 });
    const work = new ManualWork();
    const order: string[] = [];
    watch(policy.execute(work.operation));
    const waiting = ['first', 'second'].map((who) => policy.execute(async () => order.push(who)));
    work.run(0).succeed();
    await passTurns(turns);
    const newcomer = policy.execute(async () => order.push('newcomer'));
    await Promise.all([...waiting, newcomer]);
    expect(order).toEqual(['first', 'second', 'newcomer']);
  });

  it('control: a newcomer runs at once where nobody waits', async () => {
    const policy = bulkhead({ maxConcurrent: 2, maxQueue: 10 });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const order: string[] = [];
    watch(policy.execute(async () => order.push('newcomer')));
    expect(order).toEqual(['newcomer']);
  });
});

describe('fault: a waiter that was accepted is rejected', () => {
  it('whoever has a place in the queue is served, however many newcomers crowd in', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 4 });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const accepted = Array.from({ length: 4 }, () => watch(policy.execute(work.operation)));
    const crowd: Outcome[] = [];
    for (let served = 0; served <= accepted.length; served += 1) {
      work.run(served).succeed();
      for (const turns of TURNS) {
        await passTurns(turns);
        crowd.push(watch(policy.execute(() => 'newcomer')));
      }
      await settled();
    }
    expect(accepted.map(({ state }) => state)).toEqual(accepted.map(() => 'fulfilled'));
    // The crowd was a real one: it was turned away while those who had come before it were served.
    expect(crowd.filter(({ state }) => state === 'rejected').length).toBeGreaterThan(20);
  });

  it('control: whoever finds no place is rejected at once', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 4 });
    const work = new ManualWork();
    const outcomes = Array.from({ length: 6 }, () => watch(policy.execute(work.operation)));
    await settled();
    expect(outcomes.map(({ state }) => state).indexOf('rejected')).toBe(5);
  });
});

describe('fault: an aborted waiter holds its place', () => {
  it('the queue is as free as before once its waiters are aborted', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 3 });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    for (let round = 0; round < 10; round += 1) {
      const controller = new AbortController();
      for (let waiter = 0; waiter < 3; waiter += 1) {
        watch(policy.execute(work.operation, { signal: controller.signal }));
      }
      expect(policy.queued).toBe(3);
      controller.abort();
      expect(policy.queued).toBe(0);
    }
    const next = watch(policy.execute(work.operation));
    work.run(0).succeed();
    await settled();
    // The slot went to the only one left, and not to somebody who had gone.
    expect([work.runs.length, policy.active, policy.queued, next.state]).toEqual([2, 1, 0, 'pending']);
  });

  it('control: waiters that stay leave no place for others', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 3 });
    const work = new ManualWork();
    const outcomes = Array.from({ length: 5 }, () => watch(policy.execute(work.operation)));
    await settled();
    expect(outcomes[4]).toMatchObject({ state: 'rejected', error: { code: 'BULKHEAD_FULL' } });
  });
});

describe('fault: a timed-out call frees its slot while it still runs', () => {
  const TIMEOUT_MS = 50;

  it('a capacity of 2 never runs 12', async () => {
    const clock = fakeClock();
    const slots = bulkhead({ maxConcurrent: 2, maxQueue: 20, clock });
    const policy = pipeline([slots, timeout({ timeoutMs: TIMEOUT_MS, clock })]);
    const work = new ManualWork();
    const outcomes: Outcome[] = [];
    for (let call = 0; call < 12; call += 1) {
      outcomes.push(watch(policy.execute(work.operation)));
      await clock.advance(TIMEOUT_MS);
    }
    expect([work.peak, work.running, slots.active, slots.queued]).toEqual([2, 2, 2, 10]);
    expect(outcomes.filter(({ state }) => state === 'rejected')).toHaveLength(2);
  });

  it('nor with retries of the calls that timed out', async () => {
    const clock = fakeClock();
    const slots = bulkhead({ maxConcurrent: 2, maxQueue: 20, clock });
    const again = { maxAttempts: 6, backoff: constant(1), retryableErrors: () => true, clock };
    const policy = pipeline([retry(again), slots, timeout({ timeoutMs: TIMEOUT_MS, clock })]);
    const work = new ManualWork();
    const calls = [1, 2].map(() => watch(policy.execute(work.operation, { deadline: 6 * TIMEOUT_MS })));
    await clock.advance(12 * TIMEOUT_MS);
    expect([work.peak, work.running]).toEqual([2, 2]);
    expect(calls.map(({ state }) => state)).toEqual(['rejected', 'rejected']);
    work.finish();
    await settled();
    expect([slots.active, slots.queued]).toEqual([0, 0]);
  });

  it('control: a capacity of 2 serves 12 that end in time', async () => {
    const clock = fakeClock();
    const slots = bulkhead({ maxConcurrent: 2, maxQueue: 20, clock });
    const policy = pipeline([slots, timeout({ timeoutMs: TIMEOUT_MS, clock })]);
    const work = new ManualWork();
    const outcomes = Array.from({ length: 12 }, () => watch(policy.execute(work.operation)));
    for (let round = 0; round < 6; round += 1) {
      await clock.advance(TIMEOUT_MS - 1);
      work.finish();
      await settled();
    }
    expect(outcomes.map(({ state }) => state)).toEqual(outcomes.map(() => 'fulfilled'));
    expect([work.peak, work.runs.length, slots.active]).toEqual([2, 12, 0]);
  });
});
