import type { Clock } from '../clock/clock';
import { fakeClock } from '../clock/fake-clock';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { bulkhead } from './bulkhead';
import { BulkheadRejectedError } from './bulkhead-rejected-error';

describe('maxQueueWaitMs', () => {
  it('ends a wait when it is over, and not before', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, maxQueueWaitMs: 200, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const waiting = watch(policy.execute(work.operation));
    await clock.advance(199);
    expect([waiting.state, policy.queued]).toEqual(['pending', 1]);
    await clock.advance(1);
    expect(waiting.error).toBeInstanceOf(BulkheadRejectedError);
    expect(waiting.error).toMatchObject({ code: 'BULKHEAD_WAIT_EXCEEDED', active: 1, queued: 0 });
    expect(policy.queued).toBe(0);
    work.run(0).succeed();
    await settled();
    expect([work.runs.length, policy.active]).toEqual([1, 0]);
  });

  it('does not end a wait early when a timer fires early', async () => {
    const clock = fakeClock();
    const hasty: Clock = {
      nowMs: () => clock.nowMs(),
      schedule: (callback, delayMs) => clock.schedule(callback, delayMs * 0.9),
    };
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, maxQueueWaitMs: 200, clock: hasty });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const waiting = watch(policy.execute(work.operation));
    await clock.advance(199);
    expect(waiting.state).toBe('pending');
    await clock.advance(2);
    expect(waiting.state).toBe('rejected');
  });

  it('counts anew for every wait', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 2, maxQueueWaitMs: 200, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const first = watch(policy.execute(work.operation));
    await clock.advance(150);
    const second = watch(policy.execute(work.operation));
    await clock.advance(50);
    expect([first.state, second.state]).toEqual(['rejected', 'pending']);
    await clock.advance(150);
    expect(second.state).toBe('rejected');
  });

  it('bounds the wait and not the work', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, maxQueueWaitMs: 200, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const admitted = watch(policy.execute(work.operation));
    work.run(0).succeed();
    await clock.advance(1000);
    expect(admitted.state).toBe('pending');
    work.run(1).succeed('slow');
    await settled();
    expect(admitted.value).toBe('slow');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is no bound when it is left out', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const waiting = watch(policy.execute(work.operation));
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1e9);
    expect(waiting.state).toBe('pending');
  });
});
