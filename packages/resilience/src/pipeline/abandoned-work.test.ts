import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { hedge } from '../hedge/hedge';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { Probe } from '../test/pipeline-probe';
import { timeout } from '../timeout/timeout';
import { pipeline } from './pipeline';

const IDEMPOTENT = { context: { idempotent: true } };

describe('work that is left behind', () => {
  let clock: FakeClock;
  let work: ManualWork;
  let outside: Probe;
  let inside: Probe;

  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
    outside = new Probe('outside', [], clock);
    inside = new Probe('inside', [], clock);
  });

  afterEach(() => {
    expect([...outside.offences, ...inside.offences]).toEqual([]);
  });

  const again = (maxAttempts: number) =>
    retry({ maxAttempts, backoff: constant(10), retryableErrors: () => true, clock });

  it('is reported outward once, and its end once', async () => {
    const log: string[] = [];
    const probe = new Probe('call', log, clock);
    watch(pipeline([probe, timeout({ timeoutMs: 100, clock })]).execute(work.operation));
    await clock.advance(100);
    expect(log).toEqual(['call runs', 'call leaves work behind', 'call fails']);
    work.run(0).succeed();
    await settled();
    expect(log.slice(3)).toEqual(['call sees that work end']);
  });

  it('is not reported when the call waits for it', async () => {
    const log: string[] = [];
    const probe = new Probe('call', log, clock);
    watch(pipeline([probe, timeout({ timeoutMs: 100, mode: 'cooperate', clock })]).execute(work.operation));
    await clock.advance(100);
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect(log).toEqual(['call runs', 'call fails']);
  });

  it('is none when a timeout ends only waits', async () => {
    const slots = bulkhead({ maxConcurrent: 1, maxQueue: 1, clock });
    watch(slots.execute(work.operation));
    const call = watch(
      pipeline([outside, timeout({ timeoutMs: 100, clock }), slots]).execute(work.operation),
    );
    await clock.advance(100);
    expect(call.error).toMatchObject({ code: 'TIMEOUT' });
    expect([outside.running, outside.abandoned]).toEqual([0, 0]);
    // Nothing was left behind, so that the strand serves the next call.
    work.run(0).succeed();
    await settled();
    expect(slots.active).toBe(0);
  });

  it.each([
    { outerMs: 50, innerMs: 100 },
    { outerMs: 100, innerMs: 50 },
    { outerMs: 100, innerMs: 100 },
  ])('balances through timeouts around one another ($outerMs ms, $innerMs ms)', async (limits) => {
    const policy = pipeline([
      outside,
      timeout({ timeoutMs: limits.outerMs, clock }),
      inside,
      timeout({ timeoutMs: limits.innerMs, clock }),
    ]);
    const call = watch(policy.execute(work.operation));
    await clock.advance(1000);
    expect(call.state).toBe('rejected');
    expect([outside.running, outside.abandoned, inside.abandoned]).toEqual([0, 1, 1]);
    work.run(0).succeed();
    await settled();
    expect([outside.abandoned, inside.running, inside.abandoned]).toEqual([0, 0, 0]);
  });

  it('balances through retries whose attempts are all left behind', async () => {
    const policy = pipeline([outside, again(3), inside, timeout({ timeoutMs: 100, clock })]);
    watch(policy.execute(work.operation));
    await clock.advance(1000);
    expect([work.runs.length, outside.abandoned, outside.running, inside.running]).toEqual([3, 3, 0, 0]);
    // Each attempt had frames of its own, because those before still served the one that was left behind.
    expect(inside.frames).toBe(3);
    work.finish();
    await settled();
    expect([outside.abandoned, inside.abandoned]).toEqual([0, 0]);
  });

  it('does not take frames of its own for an attempt after one that ended (control)', async () => {
    const policy = pipeline([outside, again(3), inside, timeout({ timeoutMs: 100, clock })]);
    watch(policy.execute(work.operation));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      work.run(attempt).fail(new Error('down'));
      await clock.advance(10);
    }
    expect([work.runs.length, inside.frames, outside.abandoned]).toEqual([3, 1, 0]);
  });

  it('balances through hedges, of which one wins and one is in a queue', async () => {
    const slots = bulkhead({ maxConcurrent: 2, maxQueue: 5, clock });
    const hedged = hedge({ delayMs: 10, maxAttempts: 4, clock });
    const policy = pipeline([outside, hedged, inside, slots, timeout({ timeoutMs: 100, clock })]);
    const call = watch(policy.execute(work.operation, IDEMPOTENT));
    await clock.advance(30);
    expect([slots.active, slots.queued]).toEqual([2, 2]);
    work.run(1).succeed('second');
    await settled();
    expect(call.value).toBe('second');
    // Those in the queue were done with at once, and none of them was given the winner's slot.
    expect([work.runs.length, slots.active, slots.queued, outside.abandoned]).toEqual([2, 1, 0, 1]);
    work.finish();
    await settled();
    expect([slots.active, slots.queued]).toEqual([0, 0]);
    expect([outside.abandoned, outside.running, inside.abandoned, inside.running]).toEqual([0, 0, 0, 0]);
    await clock.advance(1000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is no failure of a later call, and no success', async () => {
    const breaker = circuitBreaker({ clock });
    const policy = pipeline([again(1), breaker, timeout({ timeoutMs: 100, clock })]);
    watch(policy.execute(work.operation));
    await clock.advance(100);
    const before = breaker.exportState();
    work.run(0).succeed('late');
    await settled();
    expect(breaker.exportState()).toEqual(before);
  });
});
