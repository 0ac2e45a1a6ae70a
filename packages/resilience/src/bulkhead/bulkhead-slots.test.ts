import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { hedge } from '../hedge/hedge';
import { pipeline } from '../pipeline/pipeline';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { type TimeoutMode, timeout } from '../timeout/timeout';
import { bulkhead } from './bulkhead';

const TIMEOUT_MS = 100;
const IDEMPOTENT = { context: { idempotent: true } };

describe('a slot whose operation a timeout abandons', () => {
  let clock: FakeClock;
  let work: ManualWork;

  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
  });

  function limited(mode?: TimeoutMode) {
    const slots = bulkhead({ maxConcurrent: 1, maxQueue: 1, clock });
    return { slots, policy: pipeline([slots, timeout({ timeoutMs: TIMEOUT_MS, mode, clock })]) };
  }

  it.each([
    { how: 'succeeds', end: () => work.run(0).succeed() },
    { how: 'fails', end: () => work.run(0).fail(new Error('late')) },
  ])('is held until the operation $how', async ({ end }) => {
    const { slots, policy } = limited();
    const first = watch(policy.execute(work.operation));
    const second = watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    expect(first.error).toMatchObject({ code: 'TIMEOUT' });
    expect([slots.active, slots.queued, work.runs.length]).toEqual([1, 1, 1]);
    await clock.advance(TIMEOUT_MS * 100);
    expect([slots.active, slots.queued, second.state]).toEqual([1, 1, 'pending']);
    end();
    await settled();
    expect([slots.active, slots.queued, work.runs.length]).toEqual([1, 0, 2]);
    work.run(1).succeed('served');
    await settled();
    expect(second.value).toBe('served');
    expect(slots.active).toBe(0);
  });

  it('is free at once when the operation ends in time (control)', async () => {
    const { slots, policy } = limited();
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS - 1);
    work.run(0).succeed();
    await settled();
    expect([slots.active, slots.queued, work.runs.length]).toEqual([1, 0, 2]);
  });

  it('is held by a caller who waits for the operation to stop, too', async () => {
    const { slots, policy } = limited('cooperate');
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS * 10);
    expect([outcome.state, slots.active]).toEqual(['pending', 1]);
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT' });
    expect(slots.active).toBe(0);
  });

  it('serves the same policy afterwards as if nothing had happened', async () => {
    const { slots, policy } = limited();
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    work.run(0).succeed();
    await settled();
    await expect(policy.execute(() => 'next')).resolves.toBe('next');
    await expect(policy.execute(() => 'and next')).resolves.toBe('and next');
    expect([slots.active, slots.queued]).toEqual([0, 0]);
  });

  it('is held although a timeout around the bulkhead fired before the one inside', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([
      timeout({ timeoutMs: 50, clock }),
      slots,
      timeout({ timeoutMs: TIMEOUT_MS, clock }),
    ]);
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(50);
    expect([outcome.state, slots.active]).toEqual(['rejected', 1]);
    await clock.advance(50);
    expect(slots.active).toBe(1);
    work.run(0).succeed();
    await settled();
    expect(slots.active).toBe(0);
  });
});

describe('a slot with retries inside it', () => {
  const TRIES = 3;

  /** [bulkhead, retry, timeout]: every attempt that is too slow is abandoned, and another one made. */
  function retrying(clock: FakeClock) {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([
      slots,
      retry({ maxAttempts: TRIES, backoff: constant(10), retryableErrors: ['TIMEOUT'], clock }),
      timeout({ timeoutMs: TIMEOUT_MS, clock }),
    ]);
    return { slots, policy };
  }

  it.each([{ order: [0, 1, 2] }, { order: [2, 1, 0] }, { order: [1, 2, 0] }])(
    'is held until the last of several abandoned attempts has ended ($order)',
    async ({ order }) => {
      const clock = fakeClock();
      const work = new ManualWork();
      const { slots, policy } = retrying(clock);
      const outcome = watch(policy.execute(work.operation));
      await clock.advance(TRIES * (TIMEOUT_MS + 10));
      expect(outcome.error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: TRIES });
      for (const at of order) {
        expect(slots.active).toBe(1);
        work.run(at).succeed();
        await settled();
      }
      expect(slots.active).toBe(0);
    },
  );

  it('is held by an abandoned attempt after a later one has succeeded', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const { slots, policy } = retrying(clock);
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS + 10);
    work.run(1).succeed('second');
    await settled();
    expect(outcome.value).toBe('second');
    expect(slots.active).toBe(1);
    work.run(0).succeed('first');
    await settled();
    expect(slots.active).toBe(0);
  });

  it.each([
    { calls: 0, when: 'in the first call' },
    { calls: 1, when: 'in a later call' },
  ])('is held by the present attempt after an abandoned one has ended ($when)', async ({ calls }) => {
    const clock = fakeClock();
    const work = new ManualWork();
    const { slots, policy } = retrying(clock);
    for (let call = 0; call < calls; call += 1) await policy.execute(() => 'served before');
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS + 10);
    work.run(0).succeed('first');
    await settled();
    expect(slots.active).toBe(1);
    work.run(1).succeed('second');
    await settled();
    expect(slots.active).toBe(0);
  });

  it('is held during the wait between two attempts', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const { slots, policy } = retrying(clock);
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    work.run(0).succeed();
    await settled();
    expect([slots.active, work.running]).toEqual([1, 0]);
  });
});

describe('a slot with hedges inside it', () => {
  it('is held until the run that lost has ended', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([slots, hedge({ delayMs: 10, clock })]);
    const outcome = watch(policy.execute(work.operation, IDEMPOTENT));
    await clock.advance(10);
    work.run(1).succeed('second');
    await settled();
    expect(outcome.value).toBe('second');
    expect(slots.active).toBe(1);
    work.run(0).fail(new Error('aborted'));
    await settled();
    expect(slots.active).toBe(0);
  });
});

describe('retries around a bulkhead', () => {
  it('take a slot for each attempt and none while they wait', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const policy = pipeline([
      retry({ maxAttempts: 2, backoff: constant(10), retryableErrors: () => true, clock }),
      slots,
    ]);
    watch(policy.execute(work.operation));
    expect(slots.active).toBe(1);
    work.run(0).fail(new Error('down'));
    await settled();
    expect(slots.active).toBe(0);
    await clock.advance(10);
    expect(slots.active).toBe(1);
    work.run(1).succeed();
    await settled();
    expect(slots.active).toBe(0);
  });

  it('find the slots of their own abandoned attempts taken', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const slots = bulkhead({ maxConcurrent: 2, clock });
    const policy = pipeline([
      retry({ maxAttempts: 12, backoff: constant(10), retryableErrors: () => true, clock }),
      slots,
      timeout({ timeoutMs: TIMEOUT_MS, clock }),
    ]);
    const outcome = watch(policy.execute(work.operation));
    await clock.advance(12 * (TIMEOUT_MS + 10));
    expect(outcome.error).toMatchObject({ code: 'RETRY_EXHAUSTED', cause: { code: 'BULKHEAD_FULL' } });
    expect([work.runs.length, work.peak, slots.active]).toEqual([2, 2, 2]);
    work.finish();
    await settled();
    expect(slots.active).toBe(0);
  });
});
