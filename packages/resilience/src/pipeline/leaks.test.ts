import { getEventListeners } from 'node:events';
import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { retryBudget } from '../retry/retry-budget';
import { collectGarbage } from '../test/pipeline-collect-garbage';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled } from '../test/pipeline-outcome';
import { timeout } from '../timeout/timeout';
import { pipeline } from './pipeline';

jest.setTimeout(300_000);

const TIMEOUT_MS = 50;
const WARM_UP_CALLS = 200_000;
const CALLS = 1_000_000;
/** What the engine's own optimisations may add between the two measurements; a leak of 8 bytes for each call is more. */
const GROWTH_LIMIT_BYTES = 6_000_000;

/** Policies of every kind around one dependency, and callers of every kind. */
class Traffic {
  readonly clock: FakeClock = fakeClock();
  /** Lives as long as the process, as that of a server does. */
  readonly shutdown = new AbortController();
  readonly slots = bulkhead({ maxConcurrent: 40, maxQueue: 100, maxQueueWaitMs: 20, clock: this.clock });
  readonly #failure = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
  readonly #policy = pipeline([
    retry({
      maxAttempts: 2,
      backoff: constant(1),
      retryableErrors: ['TIMEOUT'],
      budget: retryBudget({ clock: this.clock }),
      clock: this.clock,
    }),
    circuitBreaker({ minimumThroughput: 1e9, clock: this.clock }),
    this.slots,
    timeout({ timeoutMs: TIMEOUT_MS, clock: this.clock }),
  ]);
  fulfilled = 0;
  rejected = 0;

  /** A hundred calls, and the time in which they come to an end. */
  async round(): Promise<void> {
    const hanging = new ManualWork();
    const visit = new AbortController();
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < 10; call += 1) calls.push(...this.#ten(call, hanging, visit.signal));
    visit.abort();
    const settlements = Promise.allSettled(calls);
    await this.clock.advance(TIMEOUT_MS + 1);
    await this.clock.advance(TIMEOUT_MS + 1);
    // What the timeouts left behind ends at last.
    hanging.finish();
    for (const { status } of await settlements) this[status] += 1;
  }

  #ten(call: number, hanging: ManualWork, visit: AbortSignal): Promise<unknown>[] {
    const { signal } = this.shutdown;
    const policy = this.#policy;
    const succeed = async () => 'value';
    const fail = () => Promise.reject(this.#failure);
    return [
      policy.execute(succeed),
      policy.execute(() => 'value'),
      policy.execute(fail),
      policy.execute(succeed, { signal }),
      policy.execute(async (attempt) => attempt.signal.aborted, { signal }),
      policy.execute(async (attempt) => attempt.signal.aborted, { signal, deadline: 40 }),
      policy.execute(fail, { signal, deadline: 40 }),
      policy.execute(succeed, { deadline: 40, context: { operation: 'read' } }),
      policy.execute(succeed, { signal: visit }),
      call === 0 ? policy.execute(hanging.operation, { signal }) : policy.execute(succeed, { signal }),
    ];
  }
}

/** Answers how much the heap holds after so many calls. */
async function heapAfter(traffic: Traffic, calls: number): Promise<number> {
  for (let done = 0; done < calls; done += 100) await traffic.round();
  await settled();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe(`${CALLS} calls of every kind`, () => {
  it('leave no timer, no listener and no memory behind', async () => {
    const traffic = new Traffic();
    const warmBytes = await heapAfter(traffic, WARM_UP_CALLS);
    const endBytes = await heapAfter(traffic, CALLS - WARM_UP_CALLS);
    expect(endBytes - warmBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
    expect(traffic.clock.pendingTimers).toBe(0);
    expect(getEventListeners(traffic.shutdown.signal, 'abort')).toHaveLength(0);
    expect([traffic.slots.active, traffic.slots.queued]).toEqual([0, 0]);
    expect(traffic.fulfilled + traffic.rejected).toBe(CALLS);
    expect(traffic.fulfilled).toBeGreaterThan(CALLS / 2);
    expect(traffic.rejected).toBeGreaterThan(CALLS / 10);
  });

  it('would be seen to grow if each left a small object behind (control)', async () => {
    const traffic = new Traffic();
    const kept: object[] = [];
    const before = await heapAfter(traffic, 1000);
    for (let call = 0; call < CALLS - WARM_UP_CALLS; call += 1) kept.push({ call });
    expect((await heapAfter(traffic, 1000)) - before).toBeGreaterThan(GROWTH_LIMIT_BYTES);
    expect(kept).toHaveLength(CALLS - WARM_UP_CALLS);
  });
});

describe('a policy at rest', () => {
  const clock = fakeClock();
  const policies = {
    'retry, breaker, bulkhead and timeout': pipeline([
      retry({ maxAttempts: 2, backoff: constant(1), clock }),
      circuitBreaker({ clock }),
      bulkhead({ maxConcurrent: 2, clock }),
      timeout({ timeoutMs: TIMEOUT_MS, clock }),
    ]),
    'a timeout whose callers cooperate': timeout({ timeoutMs: TIMEOUT_MS, mode: 'cooperate', clock }),
  };

  it.each(Object.entries(policies))('holds nothing of its last caller: %s', async (_, policy) => {
    const made = new Map<string, WeakRef<object>>();
    const keepTrack = <T extends object>(what: string, subject: T): T => {
      made.set(what, new WeakRef(subject));
      return subject;
    };
    /** In a function of its own, so that no variable holds anything when it has returned. */
    const call = async (fails: boolean): Promise<void> => {
      const options = {
        signal: keepTrack('signal of the caller', new AbortController().signal),
        deadline: keepTrack('deadline', { remainingMs: () => 20 }),
        context: keepTrack('context', { operation: 'read' }),
      };
      const operation = async ({ signal }: { signal: AbortSignal }) => {
        keepTrack('signal of the attempt', signal).throwIfAborted();
        if (fails) throw keepTrack('failure', new Error('down'));
        return keepTrack('result', { rows: [] });
      };
      await policy.execute(keepTrack('operation', operation), options).catch(() => {});
    };
    for (const fails of [true, false]) {
      await call(fails);
      // A fake clock keeps a timer that was taken back until it would have been due.
      await clock.advance(TIMEOUT_MS);
      collectGarbage();
      const held = [...made].filter(([, subject]) => subject.deref() !== undefined);
      expect(held.map(([what]) => what)).toEqual([]);
    }
    expect(made.size).toBe(7);
  });
});
