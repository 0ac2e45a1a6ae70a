import { bulkhead } from '../bulkhead/bulkhead';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { Probe } from '../test/pipeline-probe';
import { timeout } from '../timeout/timeout';
import { pipeline } from './pipeline';
import type { Policy } from './policy';

/** Strands that a policy keeps for reuse at most. */
const MAX_IDLE = 256;
const TIMEOUT_MS = 100;

describe('the strand of a call', () => {
  it('serves the next call, whatever became of the last', async () => {
    const probe = new Probe();
    const { signal } = new AbortController();
    await probe.execute(() => 'value');
    await caught(probe.execute(() => Promise.reject(new Error('down'))));
    await caught(
      probe.execute(() => {
        throw new Error('thrown');
      }),
    );
    await probe.execute(async () => 'value', { signal, deadline: 100 });
    await caught(probe.execute(() => 'value', { signal: AbortSignal.abort() }));
    await probe.execute(async ({ signal }) => signal.throwIfAborted());
    expect(probe.frames).toBe(1);
  });

  it('serves one call at a time', async () => {
    const probe = new Probe();
    const work = new ManualWork();
    const first = watch(probe.execute(work.operation));
    const second = watch(probe.execute(work.operation));
    expect(probe.frames).toBe(2);
    work.run(1).succeed('second');
    await settled();
    expect([first.state, second.value]).toEqual(['pending', 'second']);
    const third = watch(probe.execute(work.operation));
    expect(probe.frames).toBe(2);
    work.run(2).succeed('third');
    work.run(0).succeed('first');
    await settled();
    expect([first.value, third.value]).toEqual(['first', 'third']);
  });

  it('serves no call that its own operation makes', async () => {
    const probe = new Probe();
    const outer = await probe.execute(async () => {
      const inner = await probe.execute(async () => 'inner');
      return `outer of ${inner}`;
    });
    expect(outer).toBe('outer of inner');
    expect(probe.frames).toBe(2);
  });

  it(`is kept for reuse with at most ${MAX_IDLE - 1} others`, async () => {
    const probe = new Probe();
    const burst = () => Promise.all(Array.from({ length: 300 }, () => probe.execute(async () => 'value')));
    await burst();
    expect(probe.frames).toBe(300);
    await burst();
    expect(probe.frames).toBe(300 + 300 - MAX_IDLE);
  });

  it('is not used again while work that it left behind goes on, nor afterwards', async () => {
    const clock = fakeClock();
    const probe = new Probe('probe', [], clock);
    const policy = pipeline([probe, timeout({ timeoutMs: TIMEOUT_MS, clock })]);
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    await policy.execute(() => 'value');
    expect(probe.frames).toBe(2);
    work.run(0).succeed();
    await settled();
    const calls = [watch(policy.execute(work.operation)), watch(policy.execute(work.operation))];
    expect(probe.frames).toBe(3);
    work.finish();
    await settled();
    expect(calls.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
  });
});

describe('what an operation was told', () => {
  let clock: FakeClock;
  let work: ManualWork;

  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
  });

  const policies: { name: string; policyOf: (clock: FakeClock) => Policy }[] = [
    { name: 'a bare policy', policyOf: (c) => new Probe('probe', [], c) },
    { name: 'a timeout', policyOf: (c) => timeout({ timeoutMs: TIMEOUT_MS, clock: c }) },
    {
      name: 'retry, bulkhead and timeout',
      policyOf: (c) =>
        pipeline([
          retry({ clock: c }),
          bulkhead({ maxConcurrent: 2, clock: c }),
          timeout({ timeoutMs: TIMEOUT_MS, clock: c }),
        ]),
    },
  ];

  it.each(policies)(
    'never shows it the signal or the time of a later call on the same strand ($name)',
    async ({ policyOf }) => {
      const policy = policyOf(clock);
      watch(policy.execute(work.operation));
      watch(policy.execute(work.operation));
      const read = work.run(0).attempt;
      const unread = work.run(1).attempt;
      const early = read.signal;
      work.finish();
      await settled();
      const controller = new AbortController();
      for (let call = 0; call < 2; call += 1) {
        watch(policy.execute(work.operation, { signal: controller.signal, deadline: 50 }));
        expect(work.run(2 + call).attempt.signal.aborted).toBe(false);
      }
      controller.abort('another call');
      await clock.advance(TIMEOUT_MS);
      expect(work.run(2).attempt.signal.reason).toBe('another call');
      for (const { signal, remainingMs, deadline } of [read, unread]) {
        expect(signal.aborted).toBe(false);
        expect(signal).not.toBe(work.run(2).attempt.signal);
        expect([remainingMs, deadline]).toEqual([Number.POSITIVE_INFINITY, undefined]);
      }
      expect(read.signal).toBe(early);
    },
  );

  it('is not touched by an abort that was under way when its strand was taken up again', async () => {
    const policy = pipeline([
      bulkhead({ maxConcurrent: 1, maxQueue: 2, clock }),
      retry({ backoff: constant(80), retryableErrors: () => true, clock }),
    ]);
    const controller = new AbortController();
    const { signal } = controller;
    const first = watch(policy.execute(() => Promise.reject(new Error('down')), { signal }));
    await settled();
    let third = watch(Promise.resolve());
    const second = watch(
      policy.execute(() => {
        third = watch(
          policy.execute((attempt) => {
            expect(attempt.signal.aborted).toBe(false);
            return work.operation(attempt);
          }),
        );
      }),
    );
    // The first call ends on the spot, between two attempts; its slot goes to the second and from there to the third.
    controller.abort('left');
    expect(work.runs).toHaveLength(1);
    expect(work.run(0).attempt.signal.aborted).toBe(false);
    await settled();
    expect([first.error, second.state, third.state]).toEqual(['left', 'fulfilled', 'pending']);
  });

  it('stays what it was for an attempt that was left behind', async () => {
    const again = retry({ maxAttempts: 3, backoff: constant(10), retryableErrors: ['TIMEOUT'], clock });
    const policy = pipeline([again, timeout({ timeoutMs: TIMEOUT_MS, clock })]);
    watch(policy.execute(work.operation));
    await clock.advance(2 * (TIMEOUT_MS + 10));
    expect(work.runs.map(({ attempt }) => attempt.attempt)).toEqual([1, 2, 3]);
    expect(work.runs.map(({ attempt }) => attempt.signal.aborted)).toEqual([true, true, false]);
    expect(work.runs.map(({ attempt }) => attempt.remainingMs)).toEqual([0, 0, TIMEOUT_MS]);
  });

  it('begins with attempt 1 for every call', async () => {
    const policy = retry({ maxAttempts: 2, backoff: constant(10), retryableErrors: () => true, clock });
    for (let call = 0; call < 2; call += 1) {
      const attempts: number[] = [];
      const failing = policy.execute(async ({ attempt }) => {
        attempts.push(attempt);
        throw new Error('down');
      });
      await caught(clock.runUntilSettled(failing));
      expect(attempts).toEqual([1, 2]);
    }
  });

  it('does not carry who was calling over to the next call', async () => {
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const contexts: unknown[] = [];
    policy.on('timeout', ({ context }) => contexts.push(context));
    await policy.execute(() => 'value', { context: { operation: 'first' }, deadline: 10 });
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    expect(contexts).toEqual([undefined]);
  });
});
