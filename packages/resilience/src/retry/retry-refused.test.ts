import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { consecutiveFailures } from '../circuit-breaker/consecutive-failures';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { isRejected } from '../errors/rejected-error';
import { hedge } from '../hedge/hedge';
import { pipeline } from '../pipeline/pipeline';
import { caught } from '../test/pipeline-outcome';
import { timeout } from '../timeout/timeout';
import { constant } from './backoff';
import { retry } from './retry';

/** "Not run" must be true of the call, not of its last attempt: whoever reads it may send the request again. */
describe('a call that ran before a policy refused it', () => {
  const down = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });
  const again = (retryableErrors: readonly string[] = []) =>
    retry({ clock, maxAttempts: 3, backoff: constant(10), retryableErrors });
  const breaker = () => circuitBreaker({ clock, tripRule: consecutiveFailures(1) });

  it('does not pass for one that was not run', async () => {
    const policy = pipeline([again(), breaker()]);
    const error = await caught(clock.runUntilSettled(policy.execute(() => Promise.reject(down))));
    expect(isRejected(error)).toBe(false);
    expect(error).toMatchObject({
      code: 'RETRY_REFUSED',
      attempts: 1,
      cause: down,
      refusal: { code: 'CIRCUIT_OPEN', retryAfterMs: 4990 },
      message: 'Gave up after 1 attempt: another was refused',
    });
  });

  it('control: refused at once, it was not run', async () => {
    const circuit = breaker();
    circuit.isolate();
    const error = await caught(pipeline([again(), circuit]).execute(() => 'never'));
    expect(isRejected(error)).toBe(true);
    expect(error).toMatchObject({ code: 'CIRCUIT_ISOLATED' });
  });

  it('control: refused in every attempt, it was not run either', async () => {
    const slots = bulkhead({ clock, maxConcurrent: 1 });
    slots.execute(() => new Promise(() => {})).catch(() => {});
    const named = retry({
      clock,
      maxAttempts: 3,
      backoff: constant(10),
      retryableErrors: createOnce('BULKHEAD_FULL'),
    });
    const error = await caught(clock.runUntilSettled(pipeline([named, slots]).execute(() => 'never')));
    expect(isRejected(error)).toBe(true);
  });

  it('control: what fails otherwise in a later attempt passes untouched', async () => {
    const bug = new Error('a bug');
    const failures = [down, bug];
    const error = await caught(
      clock.runUntilSettled(again().execute(() => Promise.reject(failures.shift()))),
    );
    expect(error).toBe(bug);
  });

  it('does not when its first attempt still holds the slot', async () => {
    const policy = pipeline([
      again(['TIMEOUT']),
      bulkhead({ clock, maxConcurrent: 1 }),
      timeout({ clock, timeoutMs: 20 }),
    ]);
    const error = await caught(clock.runUntilSettled(policy.execute(() => new Promise(() => {}))));
    expect(error).toMatchObject({ code: 'RETRY_REFUSED', cause: { code: 'TIMEOUT' } });
  });

  it('does not when the second run of a hedge is refused', async () => {
    const policy = pipeline([hedge({ clock, delayMs: 10 }), bulkhead({ clock, maxConcurrent: 1 })]);
    const operation = () =>
      new Promise((_, reject) => {
        clock.schedule(() => reject(down), 20);
      });
    const context = { idempotent: true };
    expect(await caught(clock.runUntilSettled(policy.execute(operation, { context })))).toBe(down);
  });
});

/** Retries this code the first time only. */
function createOnce(code: string): (error: unknown) => boolean {
  let left = 1;
  return (error) => (error as { code?: unknown }).code === code && left-- > 0;
}

describe('a wait whose timer is early', () => {
  it('goes on until the time has come: a circuit that said when would refuse once more', async () => {
    const base = fakeClock();
    // As real timers do, which drop fractions of a millisecond.
    const clock = {
      nowMs: () => base.nowMs(),
      schedule: (callback: () => void, delayMs: number) =>
        base.schedule(callback, Math.max(1, delayMs - 0.7)),
    };
    let refusals = 0;
    const policy = retry({ clock, maxAttempts: 2, backoff: constant(0) });
    const answer = await base.runUntilSettled(
      policy.execute(() => {
        if (base.nowMs() >= 50) return 'served';
        refusals += 1;
        throw Object.assign(new Error('come back'), { transient: true, retryAfterMs: 50 - base.nowMs() });
      }),
    );
    expect([answer, refusals]).toEqual(['served', 1]);
  });
});
