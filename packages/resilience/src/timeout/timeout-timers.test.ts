import { getEventListeners } from 'node:events';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { RecordingClock } from '../test/pipeline-recording-clock';
import { timeout } from './timeout';

const TIMEOUT_MS = 100;

describe('the timer of a timeout', () => {
  it('is one for many calls, one after the other', async () => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    for (let call = 0; call < 1000; call += 1) await policy.execute(() => Promise.resolve());
    expect(clock.delaysMs).toEqual([TIMEOUT_MS]);
  });

  it('is one for many calls at once', async () => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const work = new ManualWork();
    const outcomes = Array.from({ length: 1000 }, () => watch(policy.execute(work.operation)));
    expect(clock.delaysMs).toEqual([TIMEOUT_MS]);
    await clock.advance(TIMEOUT_MS);
    expect(outcomes.filter(({ state }) => state === 'rejected')).toHaveLength(1000);
    expect(clock.delaysMs).toEqual([TIMEOUT_MS]);
  });

  it('is set anew no more often than time passes by it', async () => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    for (let call = 0; call < 1000; call += 1) {
      await policy.execute(() => Promise.resolve());
      if (call % 10 === 0) await clock.advance(10);
    }
    expect(clock.delaysMs.length).toBeLessThanOrEqual(1 + 1000 / TIMEOUT_MS);
  });

  it('holds the process while somebody waits, and no longer', async () => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    work.run(0).succeed();
    await settled();
    expect(clock.pendingTimers).toBe(1);
    work.run(1).fail(new Error('down'));
    await settled();
    expect(clock.pendingTimers).toBe(0);
    watch(policy.execute(work.operation));
    expect(clock.pendingTimers).toBe(1);
  });

  it('does not hold the process for work that was left behind', async () => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    expect([work.running, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('does not end a call early when it fires early', async () => {
    const clock = new RecordingClock();
    clock.speed = 0.7;
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const work = new ManualWork();
    const first = watch(policy.execute(work.operation));
    await clock.advance(20);
    const second = watch(policy.execute(work.operation));
    await clock.advance(79);
    expect(first.state).toBe('pending');
    await clock.advance(5);
    expect([first.state, second.state]).toEqual(['rejected', 'pending']);
    await clock.advance(20);
    expect(second.state).toBe('rejected');
  });
});

describe('the signal of the caller', () => {
  it('is not listened to by an operation that never reads its own', async () => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const { signal } = new AbortController();
    const work = new ManualWork();
    watch(policy.execute(work.operation, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it.each([
    { how: 'succeeds', end: (work: ManualWork) => work.run(0).succeed() },
    { how: 'fails', end: (work: ManualWork) => work.run(0).fail(new Error('down')) },
    { how: 'is abandoned', end: (_: ManualWork, clock: RecordingClock) => clock.advance(TIMEOUT_MS) },
  ])('is listened to until an operation that reads its own $how', async ({ end }) => {
    const clock = new RecordingClock();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const { signal } = new AbortController();
    const work = new ManualWork();
    watch(policy.execute(work.operation, { signal }));
    expect(work.run(0).attempt.signal.aborted).toBe(false);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await end(work, clock);
    await settled();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
