import { getEventListeners } from 'node:events';
import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { createDeadline, type Deadline, DeadlineExceededError } from '../clock/deadline';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { Probe } from '../test/pipeline-probe';
import { timeout } from '../timeout/timeout';
import type { Operation } from './attempt';
import { pipeline } from './pipeline';
import type { ExecuteOptions } from './policy';

describe('the options of a call', () => {
  it.each<{ option: string; options: unknown }>([
    { option: 'signal', options: { signal: {} } },
    { option: 'signal', options: { signal: null } },
    { option: 'signal', options: { signal: new AbortController() } },
    { option: 'deadline', options: { deadline: Number.NaN } },
    { option: 'deadline', options: { deadline: Number.POSITIVE_INFINITY } },
    { option: 'deadline', options: { deadline: Date.now() } },
    { option: 'deadline', options: { deadline: '100' } },
    { option: 'deadline', options: { deadline: null } },
    { option: 'deadline', options: { deadline: {} } },
  ])('are refused as a rejection and never synchronously ($options)', async ({ option, options }) => {
    const probe = new Probe();
    const error = await caught(probe.execute(() => 'run', options as ExecuteOptions));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
    expect(probe.frames).toBe(0);
  });

  it.each([null, 5000, 'fast'])('must be an object, and %p is none', async (options) => {
    const error = await caught(new Probe().execute(() => 'run', options as unknown as ExecuteOptions));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'execute options', value: options });
  });

  it.each([undefined, null, 'select 1', {}, Promise.resolve()])(
    'do not include %p as the operation',
    async (operation) => {
      const error = await caught(new Probe().execute(operation as unknown as Operation<void>));
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ option: 'operation', value: operation, allowed: 'a function' });
    },
  );

  it('may throw when they are read, as a rejection too', async () => {
    const failure = new Error('no such option');
    const options = Object.defineProperty({}, 'signal', {
      get: () => {
        throw failure;
      },
    });
    expect(await caught(new Probe().execute(() => 'run', options))).toBe(failure);
  });

  it('may all be left out or undefined', async () => {
    const probe = new Probe();
    await expect(probe.execute(() => 'run', {})).resolves.toBe('run');
    const options = { signal: undefined, deadline: undefined, context: undefined };
    await expect(probe.execute(() => 'run', options)).resolves.toBe('run');
  });
});

describe('a call', () => {
  let clock: FakeClock;
  let work: ManualWork;

  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
  });

  /** All that a call usually goes through. */
  function everything() {
    const slots = bulkhead({ maxConcurrent: 5, clock });
    const policy = pipeline([
      retry({ clock }),
      circuitBreaker({ clock }),
      slots,
      timeout({ timeoutMs: 1000, clock }),
    ]);
    return { slots, policy };
  }

  it.each([
    {
      when: 'its signal was aborted',
      options: () => ({ signal: AbortSignal.abort('gone') }),
      reason: 'gone',
    },
    {
      when: 'its signal was aborted and its deadline passed',
      options: () => ({ signal: AbortSignal.abort('gone'), deadline: { remainingMs: () => 0 } }),
      reason: 'gone',
    },
    {
      when: 'its deadline had passed',
      options: () => ({ deadline: { remainingMs: () => 0 } }),
      reason: expect.any(DeadlineExceededError),
    },
  ])('never runs its operation, and passes no policy, when $when before', async ({ options, reason }) => {
    const probe = new Probe('probe', [], clock);
    const { slots, policy } = everything();
    const error = await caught(pipeline([probe, policy]).execute(work.operation, options()));
    expect(error).toEqual(reason);
    expect([work.runs.length, probe.running, slots.active, clock.pendingTimers]).toEqual([0, 0, 0, 0]);
  });

  it('runs its operation when neither has happened (control)', async () => {
    const { policy } = everything();
    const { signal } = new AbortController();
    watch(policy.execute(work.operation, { signal, deadline: 1 }));
    expect(work.runs).toHaveLength(1);
  });

  it.each([
    { when: 'nothing but the operation', policyOf: () => new Probe('probe', [], clock) },
    { when: 'retry, breaker, bulkhead and timeout', policyOf: () => everything().policy },
  ])('keeps a result although an abort arrives while it returns, through $when', async ({ policyOf }) => {
    for (const isSignalRead of [false, true]) {
      for (let turns = 0; turns < 6; turns += 1) {
        const controller = new AbortController();
        const manual = new ManualWork();
        const call = watch(policyOf().execute(manual.operation, { signal: controller.signal, deadline: 50 }));
        if (isSignalRead) expect(manual.run(0).attempt.signal.aborted).toBe(false);
        manual.run(0).succeed('committed');
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        controller.abort('too late');
        await clock.advance(50);
        expect(call).toMatchObject({ state: 'fulfilled', value: 'committed' });
      }
    }
  });

  it('keeps a result that an operation returns after its abort', async () => {
    const controller = new AbortController();
    const call = watch(everything().policy.execute(work.operation, { signal: controller.signal }));
    controller.abort('gone');
    await settled();
    expect(call.state).toBe('pending');
    work.run(0).succeed('committed');
    await settled();
    expect(call.value).toBe('committed');
  });

  it('keeps a result although its deadline passed while a timer was late', async () => {
    let leftMs = 10;
    const deadline: Deadline = { remainingMs: () => leftMs };
    const call = watch(everything().policy.execute(work.operation, { deadline }));
    leftMs = 0;
    work.run(0).succeed('committed');
    await settled();
    expect(call.value).toBe('committed');
  });

  it('does not run an operation whose call is aborted on the way in', async () => {
    const controller = new AbortController();
    const { slots, policy } = everything();
    const probe = new Probe('probe', [], clock);
    probe.onRun = () => controller.abort('gone');
    const { signal } = controller;
    expect(await caught(pipeline([probe, policy]).execute(work.operation, { signal }))).toBe('gone');
    expect([work.runs.length, slots.active, clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it('hands the deadline on to its operation', async () => {
    const deadline = createDeadline(100, clock);
    watch(everything().policy.execute(work.operation, { deadline }));
    watch(everything().policy.execute(work.operation, { deadline: 100 }));
    expect(work.run(0).attempt.deadline).toBe(deadline);
    await clock.advance(40);
    expect(work.run(1).attempt.deadline?.remainingMs()).toBe(60);
    expect([work.run(0).attempt.remainingMs, work.run(1).attempt.remainingMs]).toEqual([60, 60]);
  });

  it('aborts the signal of its operation when its deadline passes', async () => {
    const call = watch(new Probe('probe', [], clock).execute(work.operation, { deadline: 100 }));
    const { signal } = work.run(0).attempt;
    await clock.advance(99);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toBeInstanceOf(DeadlineExceededError);
    work.run(0).fail(signal.reason);
    await settled();
    expect(call.error).toBe(signal.reason);
  });

  it('hands the signal of the caller on as it is where nothing else can end the call', async () => {
    const { signal } = new AbortController();
    watch(new Probe().execute(work.operation, { signal }));
    expect(work.run(0).attempt.signal).toBe(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it.each([
    { first: 'signal', reason: 'gone' },
    { first: 'deadline', reason: expect.any(DeadlineExceededError) },
  ])('is aborted by whichever is first: the $first', async ({ first, reason }) => {
    const controller = new AbortController();
    const options = { signal: controller.signal, deadline: 100 };
    watch(new Probe('probe', [], clock).execute(work.operation, options));
    const { signal } = work.run(0).attempt;
    if (first === 'deadline') await clock.advance(100);
    controller.abort('gone');
    await clock.advance(100);
    expect(signal.reason).toEqual(reason);
    work.run(0).succeed();
    await settled();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
