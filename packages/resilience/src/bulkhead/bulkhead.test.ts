import { fakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { isRejected, RejectedError } from '../errors/rejected-error';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { type BulkheadEvents, type BulkheadOptions, bulkhead } from './bulkhead';
import { BulkheadRejectedError } from './bulkhead-rejected-error';

/** What making a bulkhead throws. */
function refusal(options: unknown): InvalidOptionError {
  try {
    bulkhead(options as BulkheadOptions);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const OPTIONS = 'maxConcurrent, maxQueue, maxQueueWaitMs, name, clock';

describe('the options of a bulkhead', () => {
  it.each([
    { maxConcurrent: 1 },
    { maxConcurrent: 1, maxQueue: 0 },
    { maxConcurrent: 1, maxQueue: undefined, maxQueueWaitMs: undefined, name: undefined, clock: undefined },
    { maxConcurrent: 1e6, maxQueue: 1e6, maxQueueWaitMs: 0.5, name: 'x', clock: fakeClock() },
    { maxConcurrent: 2, maxQueueWaitMs: 2 ** 31 - 1, name: 'x'.repeat(100) },
  ])('accept %j', (options) => {
    expect(bulkhead(options)).toMatchObject({ active: 0, queued: 0 });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', undefined])(
    'refuse %p as maxConcurrent',
    (maxConcurrent) => {
      expect(refusal({ maxConcurrent })).toMatchObject({
        option: 'maxConcurrent',
        value: maxConcurrent,
        allowed: 'an integer of at least 1',
      });
    },
  );

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null])('refuse %p as maxQueue', (maxQueue) => {
    expect(refusal({ maxConcurrent: 1, maxQueue })).toMatchObject({
      option: 'maxQueue',
      value: maxQueue,
      allowed: 'an integer of at least 0',
    });
  });

  it.each([0, -1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY, '1', null])(
    'refuse %p as maxQueueWaitMs',
    (maxQueueWaitMs) => {
      expect(refusal({ maxConcurrent: 1, maxQueueWaitMs })).toMatchObject({
        option: 'maxQueueWaitMs',
        value: maxQueueWaitMs,
        allowed: 'a finite number above 0 and of at most 2147483647',
      });
    },
  );

  it.each(['', 'x'.repeat(101), 7, null])('refuse %p as name', (name) => {
    expect(refusal({ maxConcurrent: 1, name })).toMatchObject({
      option: 'name',
      value: name,
      allowed: 'a text of 1 to 100 characters',
    });
  });

  it.each([{}, null, Date, { nowMs: () => 0 }])('refuse %p as clock', (clock) => {
    expect(refusal({ maxConcurrent: 1, clock })).toMatchObject({ option: 'clock', value: clock });
  });

  it.each([undefined, null, 5, []])('refuse %p in their own place', (options) => {
    expect(refusal(options)).toMatchObject({ option: 'bulkhead options', allowed: 'an object' });
  });

  it('refuse a name that nobody reads', () => {
    expect(refusal({ maxConcurrent: 1, maxQueued: 5 })).toMatchObject({
      option: 'bulkhead option',
      value: 'maxQueued',
      allowed: `one of ${OPTIONS}`,
    });
  });
});

describe('a refusal by a bulkhead', () => {
  it('says that there is no slot and no place', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1 });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    const error = await caught(policy.execute(work.operation));
    expect(error).toBeInstanceOf(BulkheadRejectedError);
    expect(error).toBeInstanceOf(RejectedError);
    expect(isRejected(error)).toBe(true);
    expect(error).toMatchObject({
      name: 'BulkheadRejectedError',
      code: 'BULKHEAD_FULL',
      bulkhead: undefined,
      active: 1,
      queued: 1,
      message: 'The bulkhead has no slot and no place to wait: 1 running, 1 waiting',
    });
  });

  it('says that the wait took too long', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 2, maxQueueWaitMs: 20, name: 'ledger', clock });
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const first = watch(policy.execute(work.operation));
    await clock.advance(10);
    watch(policy.execute(work.operation));
    await clock.advance(10);
    expect(first.error).toMatchObject({
      name: 'BulkheadRejectedError',
      code: 'BULKHEAD_WAIT_EXCEEDED',
      bulkhead: 'ledger',
      active: 1,
      queued: 1,
      message: 'Bulkhead ledger had no slot for too long: 1 running, 1 waiting',
    });
  });
});

describe('the reject event', () => {
  const context = { operation: 'read-account' };

  it('tells of each refusal, with the numbers of that moment and who was calling', async () => {
    const clock = fakeClock();
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1, maxQueueWaitMs: 20, name: 'ledger', clock });
    const events: BulkheadEvents['reject'][] = [];
    policy.on('reject', (event) => events.push(event));
    const work = new ManualWork();
    watch(policy.execute(work.operation, { context }));
    watch(policy.execute(work.operation, { context }));
    watch(policy.execute(work.operation, { context }));
    await clock.advance(20);
    expect(events).toEqual([
      { code: 'BULKHEAD_FULL', name: 'ledger', active: 1, queued: 1, context },
      { code: 'BULKHEAD_WAIT_EXCEEDED', name: 'ledger', active: 1, queued: 0, context },
    ]);
  });

  it('is not told of callers who gave up, nor after its listener has left', async () => {
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 1 });
    const events: unknown[] = [];
    const leave = policy.on('reject', (event) => events.push(event));
    const work = new ManualWork();
    watch(policy.execute(work.operation));
    const controller = new AbortController();
    watch(policy.execute(work.operation, { signal: controller.signal }));
    controller.abort();
    await settled();
    expect(events).toEqual([]);
    watch(policy.execute(work.operation));
    await caught(policy.execute(work.operation));
    expect(events).toHaveLength(1);
    leave();
    await caught(policy.execute(work.operation));
    expect(events).toHaveLength(1);
  });

  it('changes nothing by a listener that throws', async () => {
    const policy = bulkhead({ maxConcurrent: 1 });
    policy.on('reject', () => {
      throw new Error('listener');
    });
    const work = new ManualWork();
    const running = watch(policy.execute(work.operation));
    expect(await caught(policy.execute(work.operation))).toMatchObject({ code: 'BULKHEAD_FULL' });
    work.run(0).succeed('done');
    await settled();
    expect(running.value).toBe('done');
  });

  it('is the only one there is', () => {
    const policy = bulkhead({ maxConcurrent: 1 });
    expect(() => policy.on('open' as 'reject', () => {})).toThrow(
      'event must be one of reject, but is "open"',
    );
  });
});
