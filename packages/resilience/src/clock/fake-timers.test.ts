import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { pipeline } from '../pipeline/pipeline';
import { retry } from '../retry/retry';
import { timeout } from '../timeout/timeout';

describe("under a test runner's own fake timers", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('retries, timeouts and breaks take the time that is faked', async () => {
    const breaker = circuitBreaker({ minimumThroughput: 1 });
    const policy = pipeline([
      retry({ maxAttempts: 2, jitter: false }),
      timeout({ timeoutMs: 60_000 }),
      breaker,
    ]);
    let calls = 0;
    const answer = policy.execute(() => {
      calls += 1;
      if (calls === 1) throw Object.assign(new Error('busy'), { transient: true, retryAfterMs: 45_000 });
      return 'done';
    });
    await jest.advanceTimersByTimeAsync(44_999);
    expect(calls).toBe(1);
    await jest.advanceTimersByTimeAsync(3);
    expect(await answer).toBe('done');
    const hanging = policy.execute(() => new Promise(() => {})).catch((error: Error) => error.name);
    await jest.advanceTimersByTimeAsync(60_001);
    expect(await hanging).toBe('TimeoutError');
  });
});
