import { bulkhead } from '../bulkhead/bulkhead';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { hedge } from '../hedge/hedge';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, watch } from '../test/pipeline-outcome';
import { timeout } from '../timeout/timeout';
import { pipeline } from './pipeline';

/** What one call leaves behind must not reach the next one, which may use the same frames. */
describe('the call after one that was ended from outside', () => {
  let clock: FakeClock;
  let work: ManualWork;
  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
  });

  it('is run once, though a listener aborted the one before as it was hedged', async () => {
    const slots = bulkhead({ clock, maxConcurrent: 1, maxQueue: 5 });
    const hedging = hedge({ clock, delayMs: 10 });
    const policy = pipeline([hedging, slots]);
    watch(slots.execute(work.operation));
    const caller = new AbortController();
    hedging.on('hedge', () => caller.abort(new Error('the caller left')));
    const options = { signal: caller.signal, context: { idempotent: true } };
    const first = caught(policy.execute(() => 'never', options));
    await clock.advance(10);
    expect(await first).toMatchObject({ message: 'the caller left' });
    expect(slots.queued).toBe(0);
    let runs = 0;
    const second = policy.execute(() => {
      runs += 1;
      return 'second';
    });
    work.run(0).succeed();
    expect(await second).toBe('second');
    await clock.advance(1000);
    expect(runs).toBe(1);
  });

  it('is not ended by a listener to the timeout of the one before', async () => {
    const slots = bulkhead({ clock, maxConcurrent: 1, maxQueue: 1 });
    const limit = timeout({ clock, timeoutMs: 50 });
    const policy = pipeline([limit, slots]);
    watch(slots.execute(work.operation));
    const caller = new AbortController();
    limit.on('timeout', () => caller.abort(new Error('the caller left')));
    const first = caught(policy.execute(() => 'never', { signal: caller.signal }));
    await clock.advance(50);
    await first;
    work.run(0).succeed();
    await clock.advance(0);
    expect(await policy.execute(() => 'second')).toBe('second');
  });

  it('does not hear why the one before was aborted', async () => {
    const [a, b] = [
      bulkhead({ clock, maxConcurrent: 1, maxQueue: 1 }),
      bulkhead({ clock, maxConcurrent: 1, maxQueue: 1 }),
    ];
    const policy = pipeline([hedge({ clock, delayMs: 10 }), retry({ clock, backoff: constant(100) }), a, b]);
    const caller = new AbortController();
    const failing = (): never => {
      throw Object.assign(new Error('down'), { transient: true });
    };
    const options = { signal: caller.signal, context: { idempotent: true } };
    const first = caught(policy.execute(failing, options));
    watch(b.execute(work.operation));
    await clock.advance(120);
    caller.abort(new Error('caller 1 left'));
    expect(await first).toMatchObject({ message: 'caller 1 left' });
    work.run(0).succeed();
    await clock.advance(0);
    for (const name of ['second', 'third']) expect(await policy.execute(() => name)).toBe(name);
    expect([a.active, a.queued, b.active, b.queued]).toEqual([0, 0, 0, 0]);
  });

  it('gets its own result, though a deadline of another make threw while the one before waited', async () => {
    const slots = bulkhead({ clock, maxConcurrent: 1, maxQueue: 9 });
    const policy = pipeline([slots, retry({ clock }), timeout({ clock, timeoutMs: 1000 })]);
    watch(policy.execute(work.operation));
    let asked = 0;
    const deadline = {
      remainingMs: () => {
        asked += 1;
        if (asked > 2) throw new Error('a bug');
        return 500;
      },
    };
    const waiting = caught(policy.execute(() => 'late', { deadline }));
    work.run(0).fail(new Error('down'));
    expect(await clock.runUntilSettled(waiting)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const results = await Promise.all(['c', 'd'].map((name) => policy.execute(() => name)));
    expect(results).toEqual(['c', 'd']);
    expect([slots.active, slots.queued]).toEqual([0, 0]);
  });
});
